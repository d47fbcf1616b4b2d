export interface TokenQuestion {
  /** `https://HOST`: where Tessera is. */
  host: string;
  /** A key with the scope `access:read`. It stays on your server. */
  apiKey: string;
  /** A reference: `cus_…`, `CUS-000001`, `external:…` (your own id), `email:…` or `phone:…`. */
  customer: string;
  /** Who will check the token: your site, as you call it. */
  audience: string;
  /** Seconds, 30 to 900; 300 if nothing is said. It is over sooner if a permission is. */
  expiresIn?: number;
  fetch?: typeof globalThis.fetch;
  signal?: AbortSignal;
}

export interface SignedAnswer {
  token: string;
  /** What createGate() takes as `issuer`. */
  issuer: string;
  audience: string;
  /** The customer's id. */
  customer: string;
  permissions: string[];
  /** Ask again then, and not before you need it. */
  expiresAt: Date;
}

/** What Tessera refused. `code` is stable and documented: `customer_not_found`, `scope_missing`, … */
export class Refused extends Error {
  readonly status: number;
  readonly code: string;
  /** Seconds, after `too_many_requests`. */
  readonly retryAfter?: number;
  constructor(status: number, problem: { code?: string; detail?: string } | null, retryAfter?: number);
}

/** Ask for a signed answer: what this customer may do now. For your back end alone. Rejects with Refused. */
export function fetchToken(question: TokenQuestion): Promise<SignedAnswer>;
