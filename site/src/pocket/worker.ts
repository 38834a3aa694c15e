/**
 * What the service worker does, apart from its being one: pushes, touches of notifications, renewed subscriptions, and
 * the shell from memory. `sw.ts` connects it with the browser; tests give it a scope of their own.
 */
import { asDevice, device } from "./device.ts";
import { addressOf, PHONE, type Intent, type ToPage } from "./intent.ts";
import { read, write } from "./keep.ts";
import { tellNode } from "./tell.ts";
import { overdue, readPush, showOf, tagOf, whoOf, type Known, type Show, type ShownData } from "./notice.ts";
import { wordsOf } from "./words.ts";

/** What a service worker has; the types of the page do not know it. */
export interface Scope {
  readonly registration: ServiceWorkerRegistration;
  readonly clients: {
    matchAll(options: { type: "window"; includeUncontrolled: boolean }): Promise<readonly Page[]>;
    openWindow(url: string): Promise<unknown>;
  };
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Page {
  readonly url: string;
  readonly visibilityState: DocumentVisibilityState;
  focus(): Promise<unknown>;
  postMessage(message: ToPage): void;
}

const CALLS = "calls";
const REMEMBER_MS = 10 * 60_000;
const MOST_REMEMBERED = 50;
/** A cancel that comes as late as this after the call's own end is still on its way. */
const GRACE_MS = 2_000;
/** Browsers stop a worker that takes longer over a push. */
const LONGEST_MS = 60_000;

interface Remembered {
  readonly call: string;
  readonly known: Known;
  readonly at: number;
}

export class Worker {
  /** What is known of calls is read and written by one push at a time: a cancel and its call may come together. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly scope: Scope) {}

  /** To be waited for until it is done: the browser ends the worker after. */
  async push(data: unknown): Promise<void> {
    const words = wordsOf(await read<string>("language"));
    const push = readPush(data);
    if (push === undefined) {
      await this.show({ title: "Bellwire", body: "", tag: "unknown", rings: false, buttons: [], data: NOTHING });
      return;
    }
    const show = await this.inTurn(async () => {
      const known = push.call === "" ? undefined : await this.known(push.call);
      const found = showOf(push, words, known, this.scope.now());
      // What rings no more counts at once, so that what overtakes it is not shown.
      if (push.call !== "") await this.remember(push.call, found.rings ? "rings" : "over");
      if (push.kind === "missed") await this.closeOver(push.caller);
      await this.show(found);
      return found;
    });
    if (show.rings && push.until > 0) {
      await this.scope.sleep(Math.min(LONGEST_MS, push.until - this.scope.now() + GRACE_MS));
      await this.endOverdue(show.data);
    }
  }

  /** Somebody has touched a notification. */
  async touched(action: string, notification: Pick<Notification, "close" | "data">): Promise<void> {
    notification.close();
    const shown = notification.data as ShownData;
    if (action === "decline") {
      await this.decline(shown);
      return;
    }
    if (shown.kind !== "incoming") {
      await this.open(undefined);
      return;
    }
    const who = whoOf(shown, wordsOf(await read<string>("language")));
    const late = shown.until !== 0 && this.scope.now() >= shown.until;
    await this.open(late ? undefined : { call: shown.call, answer: action === "answer", who });
  }

  /** The browser has changed where it can be pushed to: the node is told, with the keys it was told before. */
  async resubscribe(): Promise<void> {
    const answer = await asDevice("/app/push", "GET");
    if (answer?.ok !== true) return;
    const { vapid_key: key } = (await answer.json()) as { vapid_key: string };
    const { pushManager } = this.scope.registration;
    const subscription = (await pushManager.getSubscription()) ?? (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
    await tellNode(subscription, await read<string>("instance"));
  }

  private async decline(shown: ShownData): Promise<void> {
    await this.inTurn(() => this.remember(shown.call, "over"));
    await this.tellPages({ type: "bellwire-declined", call: shown.call });
    if (shown.decline === "") return;
    // No log-in: the secret of the push is the right to do just this, once. 404: too late, and then there is nothing to do.
    const node = (await device())?.node ?? "";
    await fetch(`${node}/api/v1/app/push-calls/${encodeURIComponent(shown.call)}/decline`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      credentials: "omit",
      keepalive: true,
      body: JSON.stringify({ decline: shown.decline }),
    });
  }

  /** The phone, in the page that has it open, else in a new one. */
  private async open(intent: Intent | undefined): Promise<void> {
    const pages = await this.scope.clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = pages.find((each) => new URL(each.url).pathname.startsWith(PHONE));
    if (page === undefined) {
      await this.scope.clients.openWindow(intent === undefined ? PHONE : addressOf(intent));
      return;
    }
    if (intent !== undefined) page.postMessage({ type: "bellwire-call", intent });
    await page.focus();
  }

  private async show({ title, body, tag, rings, buttons, data }: Show): Promise<void> {
    const options: NotificationOptions & Record<string, unknown> = {
      body,
      tag,
      data,
      icon: "/icons/192.png",
      badge: "/icons/badge.png",
      requireInteraction: rings,
      silent: !rings && tag.startsWith("call:"),
      renotify: rings,
      timestamp: this.scope.now(),
      actions: buttons,
      ...(rings ? { vibrate: [600, 300, 600, 300, 600, 300, 600] } : {}),
    };
    if (options.silent === true) delete options["renotify"];
    await this.scope.registration.showNotification(title, options);
  }

  /** Nobody has answered, declined or taken the call back, and its time is over. */
  private async endOverdue(data: ShownData): Promise<void> {
    const shown = await this.scope.registration.getNotifications({ tag: tagOf(data.call) });
    if (!shown.some((each) => (each.data as ShownData).kind === "incoming")) return;
    const words = wordsOf(await read<string>("language"));
    await this.inTurn(async () => {
      await this.remember(data.call, "over");
      await this.show(overdue(data, words));
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const next = this.last.then(work);
    this.last = next.catch(() => undefined);
    return next;
  }

  private async closeOver(caller: string): Promise<void> {
    for (const each of await this.scope.registration.getNotifications()) {
      const data = each.data as ShownData | null;
      if (data?.kind === "over" && data.caller === caller) each.close();
    }
  }

  private async tellPages(message: ToPage): Promise<void> {
    const pages = await this.scope.clients.matchAll({ type: "window", includeUncontrolled: true });
    for (const each of pages) each.postMessage(message);
  }

  private async known(call: string): Promise<Known> {
    return (await read<readonly Remembered[]>(CALLS))?.find((each) => each.call === call)?.known;
  }

  private async remember(call: string, known: Known): Promise<void> {
    const since = this.scope.now() - REMEMBER_MS;
    const kept = ((await read<readonly Remembered[]>(CALLS)) ?? []).filter((each) => each.call !== call && each.at > since);
    await write(CALLS, [...kept, { call, known, at: this.scope.now() }].slice(-MOST_REMEMBERED));
  }
}

const NOTHING: ShownData = { kind: "over", call: "", caller: "", name: "", decline: "", until: 0 };
