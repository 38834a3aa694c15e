/** The one place that talks HTTP to the node. Every call returns the record or throws a `RequestFault`. */
import content from "../../content/site.json";
import { RequestFault, UNREACHABLE, faultFrom } from "../core/problem.ts";

/** Where the node is; empty means the origin this page came from. */
const NODE: string = content.node;
const TIMEOUT_MS = 10_000;
const FILE_TIMEOUT_MS = 120_000;

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
  /** Sent as JSON, a file as it is. */
  readonly body?: unknown;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** A 401 is an answer here (wrong password), not the end of a session. */
  readonly expect401?: boolean;
  /** For what takes longer than a record: a sound, an export. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
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

/** What is no JSON (a sound, a CSV file); the body can be read as it comes. Throws as `request` does. */
export async function requestRaw(path: string, options: Options = {}): Promise<Response> {
  const response = await send(path, { timeoutMs: FILE_TIMEOUT_MS, ...options });
  if (response.ok) return response;
  if (response.status === 401) onSignedOut();
  throw faultFrom(response.status, await response.json().catch(() => undefined), response.headers.get("Retry-After"));
}

/**
 * Where the browser's own player may ask for a sound, part by part (Range): the node this page came from knows the
 * session's cookie. Undefined for a node elsewhere, whose sounds are fetched with `requestRaw` and played from memory.
 */
export function mediaUrl(path: string): string | undefined {
  return NODE === "" ? `/api/v1${path}` : undefined;
}

/** Sends a file. `onProgress` is told the part that is sent, 0 to 1; `fetch` could not say that. */
export function upload<T>(path: string, file: Blob, onProgress: (part: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("PUT", `${NODE}/api/v1${path}`);
    sending.setRequestHeader("Accept", "application/json, application/problem+json");
    sending.setRequestHeader("Content-Type", file.type.startsWith("audio/") ? file.type : "application/octet-stream");
    if (csrfToken !== "") sending.setRequestHeader("X-CSRF-Token", csrfToken);
    sending.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    sending.onerror = () => reject(new RequestFault(UNREACHABLE, "unreachable", ""));
    sending.onabort = () => reject(new RequestFault(UNREACHABLE, "aborted", ""));
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status === 401) onSignedOut();
      if (sending.status >= 200 && sending.status < 300) resolve(body as T);
      else reject(faultFrom(sending.status, body, sending.getResponseHeader("Retry-After")));
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

async function send(path: string, options: Options): Promise<Response> {
  const method = options.method ?? "GET";
  const headers = new Headers(options.headers);
  headers.set("Accept", "application/json, application/problem+json");
  const file = options.body instanceof Blob ? options.body : undefined;
  if (file !== undefined) headers.set("Content-Type", file.type);
  else if (options.body !== undefined) {
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
      signal: AbortSignal.any([
        AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
        ...(options.signal === undefined ? [] : [options.signal]),
      ]),
      ...(options.body === undefined ? {} : { body: file ?? JSON.stringify(options.body) }),
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
