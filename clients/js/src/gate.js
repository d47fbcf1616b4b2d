// Is this token one that Tessera signed for us, and what may its bearer do? Checked here, without asking.
import { isSigned } from "#verify";
import { createKeys, KeysUnavailable } from "./keys.js";

export { KeysUnavailable };

const TYPE = "tessera-access+jwt";
const LONGEST = 16_000; // characters of a token
const AHEAD = 30; // seconds by which our clock may be behind

/** A token that does not count. `code` says why, for logs; visitors are told the same whatever it is. */
export class TokenRefused extends Error {
  constructor(code, message) {
    super(message);
    this.name = "TokenRefused";
    this.code = code;
  }
}

export function createGate(options) {
  const { jwksUrl, issuer, audience, allowTest = false, fetch: ask = (...args) => globalThis.fetch(...args), now = Date.now } = options;
  for (const [name, value] of Object.entries({ jwksUrl, issuer, audience })) {
    if (typeof value !== "string" || !value) throw new TypeError(`createGate: say ${name}`);
  }
  const keyOf = createKeys({ url: jwksUrl, fetch: ask, now });

  async function verify(token) {
    const { header, claims, signature, signed } = parts(token);
    if (header.typ !== TYPE) throw new TokenRefused("type", "this is another kind of token");
    if (header.alg !== "EdDSA" || header.crit !== undefined || typeof header.kid !== "string") {
      throw new TokenRefused("algorithm", "this token is not signed as Tessera signs");
    }
    const key = await keyOf(header.kid);
    if (!key) throw new TokenRefused("key", "this token is signed by no key that is published");
    if (!(await isSigned(key, signature, signed))) throw new TokenRefused("signature", "this token was altered");
    if (claims.iss !== issuer) throw new TokenRefused("issuer", "this token is of another organization");
    if (claims.aud !== audience) throw new TokenRefused("audience", "this token is for somebody else");
    const seconds = now() / 1000;
    if (!Number.isSafeInteger(claims.exp) || claims.exp <= seconds) throw new TokenRefused("expired", "this token is over");
    if (!Number.isSafeInteger(claims.iat) || claims.iat > seconds + AHEAD) {
      throw new TokenRefused("not_yet", "this token is from the future: is the clock right?");
    }
    if (claims.test !== undefined && !allowTest) throw new TokenRefused("test", "this token is of a test organization");
    const { permissions } = claims;
    if (typeof claims.sub !== "string" || !Array.isArray(permissions) || !permissions.every((each) => typeof each === "string")) {
      throw new TokenRefused("malformed", "this token does not say what it should");
    }
    return claims;
  }

  return {
    verify,
    async permissions(token) {
      try {
        return [...(await verify(token)).permissions];
      } catch (reason) {
        if (reason instanceof TokenRefused) return [];
        throw reason;
      }
    },
    async can(token, permission) {
      return (await this.permissions(token)).includes(permission);
    },
  };
}

function parts(token) {
  if (typeof token !== "string" || token.length > LONGEST || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    throw new TokenRefused("malformed", "this is no token");
  }
  const [head, body, tail] = token.split(".");
  try {
    const [header, claims] = [head, body].map((each) => JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes(each))));
    if (!isObject(header) || !isObject(claims)) throw new TypeError("not objects");
    return { header, claims, signature: bytes(tail), signed: new TextEncoder().encode(`${head}.${body}`) };
  } catch {
    throw new TokenRefused("malformed", "this is no token");
  }
}

const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}
