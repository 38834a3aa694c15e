/**
 * The one place that talks HTTP to the node. Every call returns the record or throws a `RequestFault`.
 *
 * A node at the page's own origin knows the browser by its cookie; one at another origin by a bearer token (`jwt.ts`).
 */
import { NOT_A_NODE, RequestFault, UNREACHABLE, faultFrom } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { accessToken, forget, renew } from "./jwt.ts";
import { ELSEWHERE, NODE } from "./place.ts";

const TIMEOUT_MS = 10_000;
const FILE_TIMEOUT_MS = 120_000;

const inWords = (english: string): string => t.records.schema[english] ?? english;

let csrfToken = "";
let deviceToken: (() => Promise<string | undefined>) | undefined;
let onSignedOut: () => void = () => undefined;

/** The token that proves a change comes from this page; it arrives with the session. */
export function setCsrfToken(token: string): void {
  csrfToken = token;
}

/** Without a session: this browser is a device of an extension, and asks as that. Undefined: it does no more. */
export function askAsDevice(token: (() => Promise<string | undefined>) | undefined): void {
  deviceToken = token;
}

export const asksAsDevice = (): boolean => deviceToken !== undefined;

/** Called when the node no longer knows the session (401 on anything but the log-in itself). */
export function whenSignedOut(callback: () => void): void {
  onSignedOut = callback;
}

/** Where the live line opens. A WebSocket carries no token, so from elsewhere a ticket is fetched first. */
export async function eventsUrl(parameters: URLSearchParams): Promise<string> {
  const url = new URL(`${NODE}/api/v1/events`, window.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  if (ELSEWHERE) {
    const { ticket } = await request<{ readonly ticket: string }>("/events/ticket", { method: "POST" });
    parameters.set("ticket", ticket);
  }
  url.search = parameters.toString();
  return url.href;
}

export interface RequestOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Sent as JSON, a file as it is. */
  /** A record, sent as JSON; or a file, sent as it is. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A 401 is an answer here (wrong password), not the end of a session. */
  readonly expect401?: boolean;
  /** For what takes longer than a record: a sound, an export. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await answer(path, options)).body as T;
}

/** The record together with the headers it came with: `ETag` says which state of it this is. */
export async function answer(path: string, options: RequestOptions = {}): Promise<{ readonly body: unknown; readonly headers: Headers }> {
  const response = await send(path, options);
  if (response.status === 204) return { body: undefined, headers: response.headers };
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return { body, headers: response.headers };
  throw refusal(response, body, options);
}

/** What is no JSON (a sound, a CSV file); the body can be read as it comes. Throws as `request` does. */
export async function requestRaw(path: string, options: RequestOptions = {}): Promise<Response> {
  const response = await send(path, { timeoutMs: FILE_TIMEOUT_MS, ...options });
  if (response.ok) return response;
  throw refusal(response, await response.json().catch(() => undefined), options);
}

/**
 * Where the browser's own player may ask for a sound, part by part (Range): the node this page came from knows the
 * session's cookie. Undefined for a node elsewhere, whose sounds are fetched with `requestRaw` and played from memory.
 */
export function mediaUrl(path: string): string | undefined {
  return ELSEWHERE ? undefined : `/api/v1${path}`;
}

/** Saves a file of the node under `name`. */
export async function download(path: string, name: string, options: RequestOptions = {}): Promise<void> {
  const url = URL.createObjectURL(await (await requestRaw(path, options)).blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Sends a file. `onProgress` is told the part that is sent, 0 to 1; `fetch` could not say that. */
export async function upload<T>(path: string, file: Blob, onProgress: (part: number) => void, signal?: AbortSignal): Promise<T> {
  const token = ELSEWHERE ? await accessToken() : undefined;
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("PUT", `${NODE}/api/v1${path}`);
    sending.setRequestHeader("Accept", "application/json, application/problem+json");
    sending.setRequestHeader("Content-Type", file.type.startsWith("audio/") ? file.type : "application/octet-stream");
    if (token !== undefined) sending.setRequestHeader("Authorization", `Bearer ${token}`);
    else if (csrfToken !== "") sending.setRequestHeader("X-CSRF-Token", csrfToken);
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    sending.onerror = () => reject(new RequestFault(UNREACHABLE, "unreachable", ""));
    sending.onabort = () => reject(new RequestFault(UNREACHABLE, "aborted", ""));
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status === 401) signedOut();
      if (sending.status >= 200 && sending.status < 300) resolve(body as T);
      else reject(faultFrom(sending.status, body, sending.getResponseHeader("Retry-After"), inWords));
    };
    signal?.addEventListener("abort", () => sending.abort());
    sending.send(file);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function signedOut(): void {
  forget();
  onSignedOut();
}

function refusal(response: Response, body: unknown, options: RequestOptions): RequestFault {
  if (response.status === 401 && options.expect401 !== true) signedOut();
  // A node always answers in JSON: whatever else answers here is a web server of its own.
  if (body === undefined && [200, 404, 405].includes(response.status)) return new RequestFault(502, NOT_A_NODE, "");
  return faultFrom(response.ok ? 502 : response.status, body, response.headers.get("Retry-After"), inWords);
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const first = await attempt(path, options);
  // An access token can end early (a role changed, a restart); a new one is asked for once.
  if (!ELSEWHERE || first.status !== 401 || options.expect401 === true) return first;
  const renewed = await renew().catch(() => undefined);
  return renewed === undefined ? first : attempt(path, options);
}

async function attempt(path: string, options: RequestOptions): Promise<Response> {
  const method = options.method ?? "GET";
  const headers = new Headers(options.headers);
  if (!headers.has("Accept")) headers.set("Accept", "application/json, application/problem+json, */*;q=0.1");
  const file = options.body instanceof Blob ? options.body : undefined;
  if (file !== undefined) headers.set("Content-Type", file.type);
  else if (options.body !== undefined) {
    headers.set("Content-Type", method === "PATCH" ? "application/merge-patch+json" : "application/json");
  }
  try {
    if (ELSEWHERE) {
      const token = await accessToken();
      if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    } else if (deviceToken !== undefined) {
      const token = await deviceToken();
      if (token !== undefined) headers.set("Authorization", `Bearer ${token}`);
    } else if (method !== "GET" && csrfToken !== "") headers.set("X-CSRF-Token", csrfToken);
    return await fetch(`${NODE}/api/v1${path}${queryText(options.query)}`, {
      method,
      headers,
      credentials: ELSEWHERE ? "omit" : "same-origin",
      cache: "no-store",
      signal: AbortSignal.any([
        AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
        ...(options.signal === undefined ? [] : [options.signal]),
      ]),
      ...(options.body === undefined ? {} : { body: file ?? JSON.stringify(options.body) }),
    });
  } catch (error) {
    if (error instanceof RequestFault) throw error;
    throw new RequestFault(UNREACHABLE, "unreachable", "");
  }
}

function queryText(query: RequestOptions["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
