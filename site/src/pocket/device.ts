/**
 * This browser as a device of its extension: let in once by who was signed in, it can be woken and take calls when that
 * session has long ended. It may do what an app may, and is listed and ended like one. Used by the page and by the
 * service worker: nothing here needs a window.
 */
import { read, remove, write } from "./keep.ts";

export interface Device {
  /** The node's origin; "" where the page is the node's own. */
  readonly node: string;
  readonly id: string;
  readonly extension: string;
  readonly access_token: string;
  readonly expires_at: string;
  readonly refresh_token: string;
}

/** What `POST /app/devices` and `POST /app/refresh` answer. */
interface Tokens {
  readonly access_token: string;
  readonly expires_at: string;
  readonly refresh_token: string;
  readonly extension: string;
  readonly device: { readonly id: string };
}

const KEY = "device";
/** Renewed this long before it ends, so that no request is sent with a token that ends on its way. */
const EARLY_MS = 20_000;

export async function device(): Promise<Device | undefined> {
  try {
    return await read<Device>(KEY);
  } catch {
    return undefined; // a private window may keep nothing
  }
}

export async function keepDevice(node: string, tokens: Tokens): Promise<Device> {
  const made: Device = {
    node,
    id: tokens.device.id,
    extension: tokens.extension,
    access_token: tokens.access_token,
    expires_at: tokens.expires_at,
    refresh_token: tokens.refresh_token,
  };
  await write(KEY, made);
  return made;
}

export const forgetDevice = (): Promise<void> => remove(KEY);

/**
 * The token for the next request; undefined when this browser is no device, or is one no more. A refresh token is good
 * once, so page and worker take turns. Throws what `fetch` throws.
 */
export async function deviceToken(): Promise<string | undefined> {
  return navigator.locks.request("bellwire-device", async () => {
    const known = await device();
    if (known === undefined) return undefined;
    if (Date.parse(known.expires_at) - EARLY_MS > Date.now()) return known.access_token;
    const answer = await fetch(`${known.node}/api/v1/app/refresh`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      cache: "no-store",
      body: JSON.stringify({ refresh_token: known.refresh_token }),
    });
    if (answer.status === 401 || answer.status === 403) {
      await forgetDevice();
      return undefined;
    }
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return (await keepDevice(known.node, (await answer.json()) as Tokens)).access_token;
  });
}

/** A request as this device; undefined when it is none. */
export async function asDevice(path: string, method: string, body?: unknown): Promise<Response | undefined> {
  const [token, known] = [await deviceToken(), await device()];
  if (token === undefined || known === undefined) return undefined;
  return fetch(`${known.node}/api/v1${path}`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/json, application/problem+json",
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    credentials: "omit",
    cache: "no-store",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
