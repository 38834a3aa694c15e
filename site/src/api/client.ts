/** The one place that talks HTTP to the node. Every call returns the record or throws a `RequestFault`. */
import content from "../../content/site.json";
import { RequestFault, UNREACHABLE, faultFrom } from "../core/problem.ts";

/** Where the node is; empty means the origin this page came from. */
const NODE: string = content.node;
const TIMEOUT_MS = 10_000;

let csrfToken = "";
let onSignedOut: () => void = () => undefined;

/** The token that proves a change comes from this page; it arrives with the session. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Called when the node no longer knows the session (401 on anything but the log-in itself). */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

export function eventsUrl(parameters: URLSearchParams): string {
  const url = new URL(`${NODE}/api/v1/events`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.search = parameters.toString();
  return url.href;
}

interface Options {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A 401 is an answer here (wrong password), not the end of a session. */
  readonly expect401?: boolean;
}

export async function request<T>(path: string, options: Options = {}): Promise<T> {
  return (await answer(path, options)).body as T;
}

/** The record together with the headers it came with: `ETag` says which state of it this is. */
export async function answer(path: string, options: Options = {}): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const response = await send(path, options);
  if (response.status === 204) return { body: undefined, headers: response.headers };
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return { body, headers: response.headers };
  if (response.status === 401 && options.expect401 !== true) onSignedOut();
  throw faultFrom(response.ok ? 502 : response.status, body, response.headers.get("Retry-After"));
}

async function send(path: string, options: Options): Promise<Response> {
  const method = options.method ?? "GET";
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json, application/problem+json");
  if (options.body !== undefined) {
    const merge = method === "PATCH";
    headers.set("Content-Type", merge ? "application/merge-patch+json" : "application/json");
  }
  if (method !== "GET" && csrfToken !== "") headers.set("X-CSRF-Token", csrfToken);
  try {
    return await fetch(`${NODE}/api/v1${path}${queryText(options.query)}`, {
      method,
      headers,
      credentials: "same-origin",
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch {
    throw new RequestFault(UNREACHABLE, "unreachable", "");
  }
}

function queryText(query: Options["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
