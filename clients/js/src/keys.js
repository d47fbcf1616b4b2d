// The published keys, kept for a while: fetched anew when they are old or a token names one that is not there.
import { importKey } from "#verify";

const SHORTEST = 60_000; // ms, whatever the server says
const LONGEST = 600_000;
const STALE = 3_600_000; // how long keys are used on while they cannot be fetched
const PAUSE = 10_000; // between two fetches that unknown keys or failures ask for
const PATIENCE = 5_000;
const MOST_BYTES = 65_536;
const MOST_KEYS = 50;

/** The keys cannot be had, so nothing can be said about any token. Try again later; it is no refusal. */
export class KeysUnavailable extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = "KeysUnavailable";
  }
}

/** Return `keyOf(kid)`, which gives the public key of that id, or null where there is none. */
export function createKeys({ url, fetch: ask, now }) {
  let kept = new Map();
  let fetchedAt = -Infinity;
  let freshUntil = -Infinity;
  let triedAt = -Infinity;
  let running = null;

  async function refetch() {
    triedAt = now();
    const answer = await ask(url, {
      headers: { Accept: "application/jwk-set+json, application/json" },
      redirect: "error",
      credentials: "omit",
      signal: AbortSignal.timeout(PATIENCE),
    });
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
    const text = await answer.text();
    if (text.length > MOST_BYTES) throw new Error(`${url} answered more than ${MOST_BYTES} characters`);
    const listed = JSON.parse(text).keys;
    if (!Array.isArray(listed)) throw new Error(`${url} answered no JWK set`);
    const found = new Map();
    for (const jwk of listed.slice(0, MOST_KEYS)) {
      // What signs here is Ed25519, whatever a token says; other kinds are of no use to us (RFC 7517, 5).
      if (jwk?.kty !== "OKP" || jwk.crv !== "Ed25519" || typeof jwk.kid !== "string" || typeof jwk.x !== "string") continue;
      if (jwk.use !== undefined && jwk.use !== "sig") continue;
      if (jwk.alg !== undefined && jwk.alg !== "EdDSA") continue;
      found.set(jwk.kid, await importKey({ kty: "OKP", crv: "Ed25519", x: jwk.x }));
    }
    const told = /(?:^|[\s,])max-age=(\d{1,9})/.exec(answer.headers.get("cache-control") ?? "");
    kept = found;
    fetchedAt = now();
    freshUntil = fetchedAt + Math.min(Math.max(Number(told?.[1] ?? 0) * 1000, SHORTEST), LONGEST);
  }

  /** Fetch once for all who wait for it. */
  function fetched() {
    running ??= refetch().finally(() => {
      running = null;
    });
    return running;
  }

  return async function keyOf(kid) {
    const known = kept.get(kid);
    if (known && now() < freshUntil) return known;
    if (running || now() - triedAt >= PAUSE) {
      try {
        await fetched();
      } catch (reason) {
        if (now() - fetchedAt > STALE) throw new KeysUnavailable(`the keys cannot be fetched: ${reason.message}`, { cause: reason });
      }
    } else if (now() - fetchedAt > STALE) {
      throw new KeysUnavailable("the keys could not be fetched a moment ago");
    }
    return kept.get(kid) ?? null;
  };
}
