/** The service worker: built by `service-worker.ts` of this folder's site into one file, `/sw.js`. */
import { kindOf, Shell } from "./shell.ts";
import { Worker, type Scope } from "./worker.ts";

/** Another one with each build. */
declare const SHELL_VERSION: string;

interface Waits extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface ScopeOfWorker extends EventTarget, Pick<Scope, "registration"> {
  readonly clients: Scope["clients"] & { claim(): Promise<void> };
  readonly location: Location;
  skipWaiting(): Promise<void>;
}

const scope = self as unknown as ScopeOfWorker;
const shell = new Shell(SHELL_VERSION);
const worker = new Worker({
  registration: scope.registration,
  clients: scope.clients,
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

interface Events {
  readonly install: Waits;
  readonly activate: Waits;
  readonly push: Waits & { readonly data: { json(): unknown } | null };
  readonly notificationclick: Waits & { readonly action: string; readonly notification: Notification };
  readonly pushsubscriptionchange: Waits;
  readonly fetch: Event & { readonly request: Request; respondWith(answer: Promise<Response>): void };
}

function on<K extends keyof Events>(type: K, handle: (event: Events[K]) => void): void {
  scope.addEventListener(type, handle as unknown as EventListener);
}

on("install", (event) => event.waitUntil(scope.skipWaiting()));
on("activate", (event) => event.waitUntil(Promise.all([shell.tidy(), scope.clients.claim()])));
on("push", (event) => event.waitUntil(worker.push(dataOf(event.data))));
on("notificationclick", (event) => event.waitUntil(worker.touched(event.action, event.notification)));
on("pushsubscriptionchange", (event) => event.waitUntil(worker.resubscribe()));

on("fetch", (event) => {
  const kind = kindOf(event.request, scope.location.origin);
  if (kind === "asset") event.respondWith(shell.asset(event.request));
  else if (kind === "page") event.respondWith(shell.page(event.request));
});

function dataOf(data: { json(): unknown } | null): unknown {
  try {
    return data?.json();
  } catch {
    return undefined;
  }
}
