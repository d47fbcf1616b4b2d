/** What a token says about its bearer. Nothing personal is in it. */
export interface AccessClaims {
  /** Whose answer it is: the organization. */
  iss: string;
  /** For whom: your site, as you call it. */
  aud: string;
  /** The customer: `cus_…`. */
  sub: string;
  /** The customer's number: `CUS-000001`. */
  number: string;
  /** The keys of what they may do. */
  permissions: string[];
  /** When it was signed and when it is over, in seconds since 1970. */
  iat: number;
  exp: number;
  jti: string;
  /** Of a test organization. */
  test?: true;
}

export interface GateOptions {
  /** `https://HOST/.well-known/jwks.json` */
  jwksUrl: string;
  /** `https://HOST/organizations/org_…`: `issuer` of the answer that gave you a token. */
  issuer: string;
  /** What you named as `audience` when you asked for tokens. */
  audience: string;
  /** Take tokens of test organizations too. For development alone. */
  allowTest?: boolean;
  /** What fetches the keys; `globalThis.fetch` if nothing is said. */
  fetch?: typeof globalThis.fetch;
  /** What time it is, in milliseconds since 1970; `Date.now` if nothing is said. */
  now?: () => number;
}

export interface Gate {
  /**
   * Return what the token says. Rejects with TokenRefused if it does not count, with KeysUnavailable if nobody can tell.
   */
  verify(token: string): Promise<AccessClaims>;
  /** Return what the bearer may do; nothing, if the token does not count. Rejects with KeysUnavailable alone. */
  permissions(token: string | null | undefined): Promise<string[]>;
  /** Whether the bearer may. Rejects with KeysUnavailable alone: decide whether your page then is open or shut. */
  can(token: string | null | undefined, permission: string): Promise<boolean>;
}

export type TokenRefusal =
  | "malformed"
  | "type"
  | "algorithm"
  | "key"
  | "signature"
  | "issuer"
  | "audience"
  | "expired"
  | "not_yet"
  | "test";

/** A token that does not count. `code` says why, for logs; visitors are told the same whatever it is. */
export class TokenRefused extends Error {
  readonly code: TokenRefusal;
  constructor(code: TokenRefusal, message: string);
}

/** The keys cannot be had, so nothing can be said about any token. Try again later; it is no refusal. */
export class KeysUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions);
}

/** Return what checks tokens offline. Keep it: it keeps the published keys, and fetches them anew when it has to. */
export function createGate(options: GateOptions): Gate;
