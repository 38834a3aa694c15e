/**
 * Ringing this device when its page is closed: switched on, kept up, switched off. Every step that a person or a browser
 * can refuse has its own word.
 */
import { request } from "../api/client.ts";
import { NODE } from "../api/place.ts";
import { browserName } from "../core/browser.ts";
import { language } from "../text/index.ts";
import { asDevice, device, forgetDevice, keepDevice } from "./device.ts";
import { remove, write } from "./keep.ts";
import { obstacleOf, surroundings, type Obstacle } from "./platform.ts";
import { tellNode } from "./tell.ts";

/** `blocked`: notifications were refused in this browser; `no_key`: this node pushes to no browsers; `push`: the
 * browser's push service cannot be reached; `ended`: this device was signed out. */
export type Trouble = Obstacle | "blocked" | "asked" | "no_key" | "push" | "ended" | "node";

export type PocketState =
  | { readonly is: "unknown" }
  | { readonly is: "cannot"; readonly why: Obstacle | "blocked" }
  | { readonly is: "off"; readonly trouble: Trouble | undefined }
  | { readonly is: "working"; readonly to: "on" | "off" }
  | { readonly is: "on"; readonly extension: string };

const WORKER = "/sw.js";
const READY_MS = 8_000;

let state: PocketState = { is: "unknown" };
const listeners = new Set<() => void>();

export const pocketState = (): PocketState => state;

export function onPocket(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: PocketState): void {
  state = next;
  for (const listener of listeners) listener();
}

/** Installs the worker, and makes sure that what was switched on still is. Called whenever the phone is opened. */
export async function preparePocket(): Promise<void> {
  set(await prepared());
}

async function prepared(): Promise<PocketState> {
  const why = obstacleOf(surroundings());
  if (why === "insecure" || !("serviceWorker" in navigator)) return { is: "cannot", why: why ?? "unsupported" };
  await write("language", language).catch(() => undefined);
  const registration = await navigator.serviceWorker.register(WORKER).catch(() => undefined);
  if (why !== undefined || registration === undefined) return { is: "cannot", why: why ?? "unsupported" };
  if (Notification.permission === "denied") return { is: "cannot", why: "blocked" };
  const known = await device();
  if (known === undefined) return { is: "off", trouble: undefined };
  if (Notification.permission !== "granted") return { is: "off", trouble: "asked" };
  try {
    await subscribe();
    return { is: "on", extension: known.extension };
  } catch (fault) {
    return isOffline(fault) ? { is: "on", extension: known.extension } : { is: "off", trouble: troubleOf(fault) };
  }
}

/** After a click: browsers ask for the permission only then. */
export async function switchOn(): Promise<void> {
  const permission = Notification.requestPermission();
  set({ is: "working", to: "on" });
  try {
    set(await switchedOn(await permission));
  } catch (fault) {
    // A device that cannot be woken would only be a log-in that nobody knows of.
    await signOff().catch(() => undefined);
    set({ is: "off", trouble: troubleOf(fault) });
  }
}

async function switchedOn(permission: NotificationPermission): Promise<PocketState> {
  if (permission === "denied") return { is: "cannot", why: "blocked" };
  if (permission !== "granted") throw new PocketFault("asked");
  const made =
    (await device()) ??
    (await keepDevice(NODE, await request("/app/devices", { method: "POST", body: { device: browserName(navigator.userAgent) || "Browser" } })));
  await subscribe();
  return { is: "on", extension: made.extension };
}

export async function switchOff(): Promise<void> {
  set({ is: "working", to: "off" });
  await signOff().catch(() => undefined);
  set({ is: "off", trouble: undefined });
}

class PocketFault extends Error {
  constructor(readonly trouble: Trouble) {
    super(trouble);
  }
}

/** Where this browser can be woken, told to the node with the `instance` that this device registers with. */
async function subscribe(): Promise<void> {
  const answer = await asDevice("/app/push", "GET");
  if (answer === undefined) throw new PocketFault("ended");
  if (!answer.ok) throw new PocketFault("node");
  const { vapid_key: key } = (await answer.json()) as { readonly vapid_key: string };
  if (key === "") throw new PocketFault("no_key");
  const subscription = await subscriptionFor(key);
  const login = await asDevice("/app/browser-phone", "POST", {});
  if (login?.ok !== true) throw new PocketFault(login === undefined ? "ended" : "node");
  const { instance } = (await login.json()) as { readonly instance: string };
  await write("instance", instance);
  const told = await tellNode(subscription, instance);
  if (told === undefined) throw new PocketFault("ended");
  if (!told.delivering) throw new PocketFault("no_key");
}

async function subscriptionFor(key: string): Promise<PushSubscription> {
  const { pushManager } = await ready();
  const known = await pushManager.getSubscription();
  if (known !== null && sameKey(known.options.applicationServerKey, key)) return known;
  await known?.unsubscribe(); // made for another node, or this one has a new key
  try {
    return await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    throw new PocketFault("push");
  }
}

async function ready(): Promise<ServiceWorkerRegistration> {
  const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new PocketFault("unsupported")), READY_MS));
  return Promise.race([navigator.serviceWorker.ready, late]);
}

export function sameKey(known: ArrayBuffer | null, key: string): boolean {
  if (known === null) return false;
  const text = btoa(String.fromCharCode(...new Uint8Array(known)));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "") === key.replaceAll("=", "");
}

async function signOff(): Promise<void> {
  try {
    await asDevice("/app/login", "DELETE");
  } finally {
    await Promise.all([forgetDevice(), remove("instance")]);
    const registration = await navigator.serviceWorker.getRegistration();
    await (await registration?.pushManager.getSubscription())?.unsubscribe();
  }
}

function troubleOf(fault: unknown): Trouble {
  return fault instanceof PocketFault ? fault.trouble : "node";
}

function isOffline(fault: unknown): boolean {
  return fault instanceof TypeError;
}

/** On a shared computer nobody's phone goes on ringing: who signs out of the site is no device here any more. */
export async function leavePocket(): Promise<void> {
  if ((await device()) !== undefined) await switchOff();
}
