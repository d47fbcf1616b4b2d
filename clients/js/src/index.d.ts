export * from "./mount.js";
export * from "./gate.js";
export * from "./server.js";
