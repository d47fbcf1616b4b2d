export { mount } from "./mount.js";
export { createGate, KeysUnavailable, TokenRefused } from "./gate.js";
export { fetchToken, Refused } from "./server.js";
