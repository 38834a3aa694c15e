/**
 * A call that this page was woken for. It is opened before the call is here: the page registers, the node sends the
 * INVITE with the push's id, and what the person has already said is done with it.
 */
import { intentOf, withoutIntent, type Intent, type ToPage } from "./intent.ts";
import { tagOf } from "./notice.ts";

/** What of a call is needed here. */
export interface Arriving {
  readonly state: string;
  readonly direction: "in" | "out";
  /** `X-Push-Call` of its INVITE; "" without one. */
  readonly push: string;
  answer(): void;
  hangUp(): void;
}

/** `coming`: not here yet; `gone`: it did not come in time, so somebody else has it or nobody waits any more. */
export type Arrival = { readonly is: "nothing" } | { readonly is: "coming" | "gone"; readonly who: string; readonly answer: boolean };

/** From the touch to the INVITE: the worst of a cold start on a slow phone. */
const LONGEST_MS = 12_000;

export class Arrivals {
  state: Arrival = { is: "nothing" };
  private intent: Intent | undefined;
  private readonly declined = new Set<string>();
  private readonly shown = new Set<string>();
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `close` takes the notification of a call away. */
  constructor(private readonly close: (tag: string) => void) {}

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  expect(intent: Intent): void {
    this.intent = intent;
    this.set({ is: "coming", who: intent.who, answer: intent.answer });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.state.is === "coming") this.set({ ...this.state, is: "gone" });
    }, LONGEST_MS);
  }

  /** Said at a notification, for a call that may be here already. */
  decline(call: string): void {
    this.declined.add(call);
  }

  forget(): void {
    clearTimeout(this.timer);
    this.intent = undefined;
    this.set({ is: "nothing" });
  }

  /** Told after every change of the line's calls. */
  look(calls: readonly Arriving[]): void {
    for (const call of calls) {
      if (call.direction !== "in" || call.push === "") continue;
      if (call.state !== "ringing") {
        if (this.shown.delete(call.push)) this.close(tagOf(call.push));
        continue;
      }
      this.shown.add(call.push);
      if (this.declined.delete(call.push)) call.hangUp();
      else if (this.intent?.call === call.push) this.take(call, this.intent);
    }
  }

  private take(call: Arriving, { answer }: Intent): void {
    this.forget();
    this.close(tagOf(call.push));
    if (answer) call.answer();
  }

  private set(next: Arrival): void {
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

/** The page's own, from its address and from what the worker tells it. */
export const arrivals = new Arrivals((tag) => void closeNotifications(tag));

let listening = false;

export function listenForArrivals(): void {
  if (listening) return;
  listening = true;
  const wanted = intentOf(window.location.search);
  if (wanted !== undefined) {
    window.history.replaceState(window.history.state, "", withoutIntent(window.location.href));
    arrivals.expect(wanted);
  }
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
    if (data.type === "bellwire-call") arrivals.expect(data.intent);
    else arrivals.decline(data.call);
  });
}

async function closeNotifications(tag: string): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration();
  for (const each of (await registration?.getNotifications({ tag })) ?? []) each.close();
}
