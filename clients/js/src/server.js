// For your back end alone: what is asked with an API key, which no browser may ever see.

const PATIENCE = 10_000; // ms

/** What Tessera refused. `code` is stable and documented in docs/errors.md. */
export class Refused extends Error {
  constructor(status, problem, retryAfter) {
    super(problem?.detail ?? `Tessera answered ${status}`);
    this.name = "Refused";
    this.status = status;
    this.code = problem?.code ?? "unknown";
    this.retryAfter = retryAfter;
  }
}

export async function fetchToken({ host, apiKey, customer, audience, expiresIn, fetch: ask = globalThis.fetch, signal }) {
  for (const [name, value] of Object.entries({ host, apiKey, customer, audience })) {
    if (typeof value !== "string" || !value) throw new TypeError(`fetchToken: say ${name}`);
  }
  const answer = await ask(new URL(`/api/v1/customers/${encodeURIComponent(customer)}/token`, host), {
    method: "POST",
    headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ audience, expires_in: expiresIn }),
    redirect: "error",
    signal: signal ?? AbortSignal.timeout(PATIENCE),
  });
  const told = await answer.json().catch(() => null);
  if (!answer.ok || !told) throw new Refused(answer.status, told, Number(answer.headers.get("retry-after")) || undefined);
  const { token, issuer, permissions, customer: id, expires_at: expiresAt } = told;
  return { token, issuer, audience, customer: id, permissions, expiresAt: new Date(expiresAt) };
}
