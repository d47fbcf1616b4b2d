// The gate, with keys and a server of the test's own: what counts, what does not, and how often keys are fetched.
import assert from "node:assert/strict";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { createGate, KeysUnavailable, TokenRefused } from "tessera-membership/gate";

const AUDIENCE = "https://club.example";
const ISSUER = "https://tessera.example/organizations/org_01h2xcejqtf2nbrexx3vqjhp41";
const NOW = 1_800_000_000_000;
const pair = generateKeyPairSync("ed25519");
const other = generateKeyPairSync("ed25519");

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
const jwk = (keys, kid) => ({ ...keys.publicKey.export({ format: "jwk" }), kid, alg: "EdDSA", use: "sig" });

function signed(claims = {}, header = {}, keys = pair) {
  const seconds = NOW / 1000;
  const told = {
    iss: ISSUER, aud: AUDIENCE, sub: "cus_1", number: "CUS-000001", permissions: ["members-area"],
    iat: seconds, exp: seconds + 300, jti: "1", ...claims,
  };
  const data = `${part({ alg: "EdDSA", typ: "tessera-access+jwt", kid: "one", ...header })}.${part(told)}`;
  return `${data}.${sign(null, Buffer.from(data), keys.privateKey).toString("base64url")}`;
}

let server, url, asked, published, status, cacheControl, now;

before(async () => {
  server = createServer((_, answer) => {
    asked += 1;
    answer.writeHead(status, { "Content-Type": "application/jwk-set+json", "Cache-Control": cacheControl });
    answer.end(typeof published === "string" ? published : JSON.stringify({ keys: published }));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${server.address().port}/.well-known/jwks.json`;
});
after(() => server.close());
beforeEach(() => {
  asked = 0;
  published = [jwk(pair, "one")];
  status = 200;
  cacheControl = "public, max-age=600";
  now = NOW;
});

const gate = (options = {}) =>
  createGate({ jwksUrl: url, issuer: ISSUER, audience: AUDIENCE, now: () => now, ...options });

async function refusal(token, options) {
  const made = gate(options);
  assert.equal(await made.can(token, "members-area"), false);
  try {
    await made.verify(token);
  } catch (reason) {
    assert.ok(reason instanceof TokenRefused, String(reason));
    return reason.code;
  }
  return "taken";
}

test("a token that counts says what its bearer may", async () => {
  const made = gate();
  assert.equal(await made.can(signed(), "members-area"), true);
  assert.equal(await made.can(signed(), "pool"), false);
  assert.deepEqual(await made.permissions(signed({ permissions: [] })), []);
  assert.equal((await made.verify(signed())).sub, "cus_1");
  assert.equal(asked, 1, "the keys are fetched once");
});

test("many at once fetch the keys once", async () => {
  const made = gate();
  await Promise.all(Array.from({ length: 20 }, () => made.verify(signed())));
  assert.equal(asked, 1);
});

test("everything is checked", async () => {
  const seconds = NOW / 1000;
  const cases = {
    issuer: signed({ iss: `${ISSUER}x` }),
    audience: signed({ aud: [AUDIENCE] }),
    expired: signed({ exp: seconds }),
    not_yet: signed({ iat: seconds + 31 }),
    test: signed({ test: true }),
    type: signed({}, { typ: "tessera-app+jwt" }),
    key: signed({}, { kid: "two" }, other),
    signature: signed({}, {}, other),
    malformed: signed({ permissions: "members-area" }),
  };
  for (const [code, token] of Object.entries(cases)) assert.equal(await refusal(token), code);
  assert.equal(await refusal(signed({ aud: "https://evil.example" })), "audience");
  assert.equal(await refusal(signed({ exp: String(seconds + 300) })), "expired");
  assert.equal(await refusal(signed({ exp: undefined })), "expired");
  assert.equal(await refusal(signed({ test: false })), "test", "only its absence says that it is a live one");
});

test("what is no token is refused like one", async () => {
  const [head, body, tail] = signed().split(".");
  const hmac = createHmac("sha256", pair.publicKey.export({ format: "der", type: "spki" })).update(`${head}.${body}`);
  for (const each of [
    undefined, null, "", "a", "a.b", "a.b.c", `${head}.${body}.`, `${head}.${body}.${tail}.${tail}`, 7, {}, "é.é.é",
    "A".repeat(20_000), `${part([])}.${body}.${tail}`, `${part({ alg: "EdDSA" })}.${part("x")}.${tail}`,
    `${head}.${body}.${hmac.digest("base64url")}`, `${head}.${part({ exp: 9e9 })}.${tail}`,
  ]) {
    assert.notEqual(await refusal(each), "taken", String(each));
  }
  for (const header of [{ alg: "none" }, { alg: "HS256" }, { alg: "eddsa" }, { crit: ["exp"] }, { kid: null }, { kid: ["one"] }]) {
    assert.equal(await refusal(signed({}, header)), "algorithm");
  }
});

test("tokens of test organizations count where that was asked for", async () => {
  assert.equal(await gate({ allowTest: true }).can(signed({ test: true }), "members-area"), true);
});

test("a key that is new is fetched, and one that there is not is not asked for again and again", async () => {
  const made = gate();
  await made.verify(signed());
  published = [jwk(pair, "one"), jwk(other, "two")];
  assert.equal(await made.can(signed({}, { kid: "two" }, other), "members-area"), false, "a moment ago it was not there");
  now += 10_000;
  assert.equal(await made.can(signed({}, { kid: "two" }, other), "members-area"), true);
  assert.equal(asked, 2);
  for (let n = 0; n < 50; n += 1) await made.can(signed({}, { kid: `guess-${n}` }, other), "members-area");
  assert.equal(asked, 2, "whoever makes up keys does not make us ask");
});

test("keys are fetched again when they are old, and a revoked one is gone then", async () => {
  const made = gate();
  await made.verify(signed());
  published = [jwk(other, "two")];
  now += 599_000;
  assert.equal(await made.can(signed({ exp: now / 1000 + 60 }), "members-area"), true);
  now += 2_000;
  assert.equal(await made.can(signed({ exp: now / 1000 + 60 }), "members-area"), false);
});

test("what the server says of keeping is kept within bounds", async () => {
  cacheControl = "public, max-age=31536000";
  const long = gate();
  await long.verify(signed());
  now += 601_000;
  await long.verify(signed({ exp: now / 1000 + 60 }));
  assert.equal(asked, 2);
  cacheControl = "no-store";
  const short = gate();
  await short.verify(signed({ exp: now / 1000 + 60 }));
  now += 59_000;
  await short.verify(signed({ exp: now / 1000 + 60 }));
  assert.equal(asked, 3);
});

test("keys that cannot be fetched are used on for an hour, and then nobody can tell", async () => {
  const made = gate();
  await made.verify(signed());
  status = 503;
  now += 3_599_000;
  assert.equal(await made.can(signed({ exp: now / 1000 + 60 }), "members-area"), true);
  now += 20_000;
  await assert.rejects(made.can(signed({ exp: now / 1000 + 60 }), "members-area"), KeysUnavailable);
  await assert.rejects(made.can(signed({ exp: now / 1000 + 60 }), "members-area"), KeysUnavailable);
  status = 200;
  now += 10_000;
  assert.equal(await made.can(signed({ exp: now / 1000 + 60 }), "members-area"), true, "it recovers by itself");
});

test("a server that answers anything else is no server of keys", async () => {
  for (const answer of ["<html>", "[]", "{}", `{"keys": "none"}`, " ".repeat(70_000)]) {
    published = answer;
    await assert.rejects(gate().can(signed(), "members-area"), KeysUnavailable);
  }
  published = [null, 7, { kty: "RSA", kid: "one", n: "AQAB", e: "AQAB" }, { ...jwk(pair, "one"), use: "enc" }, { ...jwk(pair, "one"), alg: "HS256" }];
  assert.equal(await gate().can(signed(), "members-area"), false, "keys of other kinds are passed over");
});

test("a gate says which of its options is missing", () => {
  for (const name of ["jwksUrl", "issuer", "audience"]) assert.throws(() => gate({ [name]: "" }), new RegExp(name));
});
