/**
 * One call out of the page, on a line of its own that nobody can ring: to try a flow, or the echo test. It is closed with
 * the call. JsSIP is fetched when the first one is made.
 */
import { request } from "../api/client.ts";
import { RequestFault } from "../core/problem.ts";
import type { CallView, EndCause, Line, LineState, PhoneCall, PhoneLogin, Sound } from "../phone/types.ts";

/** Why there is no call: before it was made, by the kind of fault; after, as the call ended. */
export type CallTrouble = "insecure" | "refused" | "missing" | "line" | "login" | EndCause;

export type OneCallState =
  | { readonly is: "idle" }
  | { readonly is: "opening" }
  | { readonly is: "calling" | "talking"; readonly call: CallView }
  | { readonly is: "over"; readonly trouble: CallTrouble | undefined; readonly detail: string; readonly seconds: number };

export interface OneCallOptions {
  /** Whose phone the page is; one's own without it. */
  readonly extension?: string | undefined;
  /** What is dialled, once the line is there. Rejects with what the node has to say against it. */
  readonly dial: (login: PhoneLogin) => Promise<string> | string;
  readonly sound?: Sound;
}

const CONNECT_MS = 8_000;

export class OneCall {
  state: OneCallState = { is: "idle" };
  private line: Line | undefined;
  private call: PhoneCall | undefined;
  private turn = 0;
  private readonly listeners = new Set<() => void>();

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): OneCallState => this.state;

  get current(): PhoneCall | undefined {
    return this.call;
  }

  /** After a click: browsers play sound only then. */
  async start({ extension, dial, sound }: OneCallOptions): Promise<void> {
    this.close();
    this.turn += 1;
    const turn = this.turn;
    this.set({ is: "opening" });
    try {
      if (!window.isSecureContext || !("mediaDevices" in navigator)) throw new NoCall("insecure");
      const [login, { createLine }] = await Promise.all([loginOf(extension), import("../phone/line.ts")]);
      if (turn !== this.turn) return;
      this.line = createLine(login, sound, { register: false });
      await connected(this.line);
      const number = await dial(login);
      // Closed while the node was asked: nobody waits for a call any more.
      if (turn !== this.turn) return;
      this.follow(this.line, this.line.dial(number));
    } catch (fault) {
      if (turn === this.turn) this.end(fault instanceof NoCall ? fault.trouble : "failed", fault instanceof RequestFault ? fault.detail : "");
      if (!(fault instanceof NoCall)) throw fault;
    }
  }

  readonly hangUp = (): void => {
    if (this.call === undefined) this.stop();
    else this.call.hangUp();
  };

  /** Without a word about how it ended. */
  readonly close = (): void => {
    this.turn += 1;
    this.call?.hangUp();
    this.release();
    this.set({ is: "idle" });
  };

  private stop(): void {
    this.turn += 1;
    this.end(undefined, "");
  }

  private follow(line: Line, call: PhoneCall): void {
    this.call = call;
    const look = () => {
      if (this.call !== call) return;
      const { view } = call;
      if (view.state === "ended") {
        const seconds = view.answeredAt === undefined ? 0 : Math.round(((view.endedAt ?? view.answeredAt) - view.answeredAt) / 1000);
        this.end(view.answeredAt !== undefined || view.cause === "hung_up" ? undefined : troubleOf(view.cause), "", seconds);
      } else this.set({ is: view.state === "talking" ? "talking" : "calling", call: view });
    };
    line.subscribe(look);
    look();
  }

  private end(trouble: CallTrouble | undefined, detail: string, seconds = 0): void {
    this.release();
    this.set({ is: "over", trouble, detail, seconds });
  }

  private release(): void {
    const { line } = this;
    this.line = undefined;
    this.call = undefined;
    // What it has still to say (a BYE) goes first.
    if (line !== undefined) setTimeout(() => line.close(), 500);
  }

  private set(next: OneCallState): void {
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}

class NoCall extends Error {
  constructor(readonly trouble: CallTrouble) {
    super(trouble);
  }
}

function troubleOf(cause: EndCause | undefined): CallTrouble {
  if (cause === "no_microphone") return "missing";
  return cause === "microphone_refused" ? "refused" : (cause ?? "failed");
}

async function loginOf(extension: string | undefined): Promise<PhoneLogin> {
  try {
    return await request<PhoneLogin>("/app/browser-phone", { method: "POST", body: extension === undefined ? {} : { extension } });
  } catch (fault) {
    if (fault instanceof RequestFault && fault.status === 403) throw new NoCall("login");
    throw fault;
  }
}

/** Until its WebSocket is open. */
function connected(line: Line): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => finish(new NoCall("line")), CONNECT_MS);
    const forget = line.subscribe(() => {
      if (isOpen(line.state)) finish();
    });
    const finish = (fault?: Error) => {
      clearTimeout(timer);
      forget();
      if (fault === undefined) resolve();
      else reject(fault);
    };
    if (isOpen(line.state)) finish();
  });
}

const isOpen = (state: LineState): boolean => state.link === "open";
