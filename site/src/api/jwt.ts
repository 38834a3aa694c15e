/**
 * Who is logged in at a node of another origin, where the browser sends no cookies. The short-lived access token stays
 * in memory; the refresh token is kept for this node, for as long as the tab or, when asked for, the browser.
 */
import { faultFrom } from "../core/problem.ts";
import type { SessionView } from "../schema.gen.ts";
import { NODE } from "./place.ts";

export interface JwtGrant {
  readonly access_token: string;
  readonly expires_at: string;
  readonly refresh_token: string;
  readonly session: SessionView;
}

const KEY = `bellwire.jwt ${NODE}`;
/** Renewed this long before it ends, so that no request is sent with a token that ends on its way. */
const EARLY_MS = 20_000;

let grant: JwtGrant | undefined;
let renewal: Promise<JwtGrant | undefined> | undefined;

/** The token for the next request; undefined when nobody is logged in. Throws what `fetch` throws. */
export async function accessToken(): Promise<string | undefined> {
  const current = grant !== undefined && Date.parse(grant.expires_at) - EARLY_MS > Date.now() ? grant : await renew();
  return current?.access_token;
}

/** The session of whoever is logged in, asked anew. */
export async function renew(): Promise<JwtGrant | undefined> {
  renewal ??= refresh().finally(() => {
    renewal = undefined;
  });
  return renewal;
}

async function refresh(): Promise<JwtGrant | undefined> {
  const refresh_token = grant?.refresh_token ?? stored();
  if (refresh_token === undefined) return undefined;
  const response = await post("/jwt/refresh", { refresh_token });
  if (response.status === 401 || response.status === 403) {
    forget();
    return undefined;
  }
  if (!response.ok) throw faultFrom(response.status, await response.json().catch(() => undefined), response.headers.get("Retry-After"));
  return keep((await response.json()) as JwtGrant);
}

/** Takes a new grant; `stay` keeps it beyond the tab. Without `stay` it goes on as it was kept before. */
export function keep(next: JwtGrant, stay?: boolean): JwtGrant {
  grant = next;
  try {
    const long = stay ?? localStorage.getItem(KEY) !== null;
    (long ? sessionStorage : localStorage).removeItem(KEY);
    (long ? localStorage : sessionStorage).setItem(KEY, next.refresh_token);
  } catch {
    // Storage may be forbidden; then the log-in lasts as long as the page.
  }
  return next;
}

export function forget(): void {
  grant = undefined;
  try {
    localStorage.removeItem(KEY);
    sessionStorage.removeItem(KEY);
  } catch {
    // Nothing was kept then.
  }
}

function stored(): string | undefined {
  try {
    return sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY) ?? undefined;
  } catch {
    return undefined;
  }
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(`${NODE}/api/v1${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json, application/problem+json" },
    credentials: "omit",
    cache: "no-store",
    signal: AbortSignal.timeout(10_000),
    body: JSON.stringify(body),
  });
}
