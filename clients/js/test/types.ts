// Read by the type checker alone: what compiles, and what must not.
import { createGate, fetchToken, KeysUnavailable, mount, Refused, TokenRefused } from "tessera-membership";
import type { AccessClaims, Events, SignedAnswer } from "tessera-membership";

const gate = createGate({ jwksUrl: "https://h/.well-known/jwks.json", issuer: "i", audience: "a", allowTest: true, fetch, now: Date.now });
const may: boolean = await gate.can(null, "members-area");
const claims: AccessClaims = await gate.verify("token");
const answer: SignedAnswer = await fetchToken({ host: "https://h", apiKey: "k", customer: "external:1", audience: "a", expiresIn: 60 });
const until: number = answer.expiresAt.getTime() + claims.exp + Number(may);

const mounted = await mount("#join", { host: "https://h", organization: "club", theme: { accent: "#123456" }, token: async (nonce) => nonce || null });
const stop: () => void = mounted.on("completed", ({ membership_id, status }) => [membership_id.length, status.length, until]);
mounted.on("error", (detail: Events["error"]) => detail.code);
stop();

try {
  await gate.verify("");
} catch (reason) {
  if (reason instanceof TokenRefused && reason.code === "expired") throw new KeysUnavailable("later", { cause: reason });
  if (reason instanceof Refused) console.log(reason.status, reason.retryAfter?.toFixed());
}

// @ts-expect-error an audience is required
createGate({ jwksUrl: "j", issuer: "i" });
// @ts-expect-error there is no such event
mounted.on("finished", () => {});
// @ts-expect-error the organization is required
await mount("#join", { host: "https://h" });
// @ts-expect-error seconds are a number
await fetchToken({ host: "h", apiKey: "k", customer: "c", audience: "a", expiresIn: "60" });
