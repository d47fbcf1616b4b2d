// Against a Tessera that runs: tests/clients says where, and with what key. Skipped where nobody said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, fetchToken, Refused, TokenRefused } from "tessera-membership";

const { TESSERA_HOST: host, TESSERA_KEY: apiKey, TESSERA_CUSTOMER: customer, TESSERA_TEST_KEY: testKey } = process.env;
const audience = "https://club.example";
const skip = host ? false : "no Tessera to ask";

test("a token that Tessera gives opens the gate, and is refused where it should be", { skip }, async () => {
  const answer = await fetchToken({ host, apiKey, customer, audience, expiresIn: 60 });
  const jwksUrl = `${host}/.well-known/jwks.json`;
  const gate = createGate({ jwksUrl, issuer: answer.issuer, audience });

  assert.deepEqual(answer.permissions, ["members-area"]);
  assert.ok(answer.expiresAt > new Date() && answer.expiresAt < new Date(Date.now() + 61_000));
  assert.equal(await gate.can(answer.token, "members-area"), true);
  assert.equal(await gate.can(answer.token, "pool"), false);
  assert.equal((await gate.verify(answer.token)).sub, answer.customer);
  assert.equal(await createGate({ jwksUrl, issuer: answer.issuer, audience: "https://evil.example" }).can(answer.token, "members-area"), false);
  const [head, body, tail] = answer.token.split(".");
  const claims = { ...JSON.parse(Buffer.from(body, "base64url")), permissions: ["members-area", "pool"] };
  const forged = `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${tail}`;
  assert.equal(await gate.can(forged, "pool"), false);
});

test("a test organization's token counts where that was asked for", { skip }, async () => {
  const answer = await fetchToken({ host, apiKey: testKey, customer: "external:ada", audience });
  const options = { jwksUrl: `${host}/.well-known/jwks.json`, issuer: answer.issuer, audience };

  await assert.rejects(createGate(options).verify(answer.token), (reason) => reason instanceof TokenRefused && reason.code === "test");
  assert.equal((await createGate({ ...options, allowTest: true }).verify(answer.token)).test, true);
});

test("what Tessera refuses has a code", { skip }, async () => {
  const refused = (code, status) => (reason) => reason instanceof Refused && reason.code === code && reason.status === status;
  await assert.rejects(fetchToken({ host, apiKey, customer: "CUS-999999", audience }), refused("customer_not_found", 404));
  await assert.rejects(fetchToken({ host, apiKey: `${apiKey}x`, customer, audience }), refused("key_invalid", 401));
  await assert.rejects(fetchToken({ host, apiKey, customer, audience: "two words" }), refused("field_invalid", 422));
});
