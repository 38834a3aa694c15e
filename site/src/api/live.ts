/**
 * The open line to the node: one WebSocket, watched, re-opened with growing waits, resumed where it broke.
 *
 * The decisions are in `core/link.ts` and `core/live.ts`; this file owns the socket and the timers.
 */
import { backoffMs } from "../core/backoff.ts";
import { IDLE, nextLink, type LinkInput, type LinkState } from "../core/link.ts";
import { applyMessage, readMessage, touchesEdge, touchesHistory, type LiveData } from "../core/live.ts";
import type { LiveMessage } from "../schema.gen.ts";
import { eventsUrl, request } from "./client.ts";
import { ELSEWHERE } from "./place.ts";

/** The node says something at least every 15 s; after this long the line is dead, whatever TCP believes. */
const SILENCE_MS = 25_000;
const OPEN_WITHIN_MS = 8_000;
/** A burst of changes is drawn once. */
const DRAW_EVERY_MS = 50;

export interface LiveState {
  readonly link: LinkState;
  readonly data: LiveData | undefined;
}

type LinkListener = () => void;

export class LiveClient {
  private state: LiveState = { link: IDLE, data: undefined };
  private shown: LiveState = this.state;
  private socket: WebSocket | undefined;
  /** Counts the tries, so that an address that comes late opens nothing. */
  private turn = 0;
  private watchdog: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private drawing: ReturnType<typeof setTimeout> | undefined;
  private readonly listeners = new Set<LinkListener>();

  /** Called when the history has a new or finished row. */
  onHistory: () => void = () => undefined;
  /** Called with the key of what the edge says is different. */
  onEdge: (key: readonly string[]) => void = () => undefined;
  /** Called when the node answers again (also the first time): whatever was read before may be old. */
  onOnline: () => void = () => undefined;

  readonly subscribe = (listener: LinkListener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): LiveState => this.shown;

  start(): void {
    if (this.state.link.phase !== "idle") return;
    this.step({ kind: "start" });
    document.addEventListener("visibilitychange", this.wake);
    window.addEventListener("online", this.retryNow);
    this.open();
  }

  stop(): void {
    document.removeEventListener("visibilitychange", this.wake);
    window.removeEventListener("online", this.retryNow);
    clearTimeout(this.retry);
    this.drop();
    // Whoever logs in next starts from nothing.
    this.state = { link: IDLE, data: undefined };
    this.draw();
  }

  readonly retryNow = (): void => {
    if (this.state.link.phase !== "waiting") return;
    clearTimeout(this.retry);
    this.step({ kind: "due" });
    this.open();
  };

  private readonly wake = (): void => {
    if (document.visibilityState === "visible") this.retryNow();
  };

  private open(): void {
    const parameters = new URLSearchParams();
    if (this.state.data !== undefined) parameters.set("since", String(this.state.data.seq));
    this.watch(OPEN_WITHIN_MS);
    const turn = ++this.turn;
    eventsUrl(parameters).then(
      (url) => this.turn === turn && this.connect(url),
      () => this.turn === turn && this.lose(),
    );
  }

  private connect(url: string): void {
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onmessage = (event: MessageEvent<unknown>) => this.take(event.data);
    socket.onclose = () => {
      if (this.socket === socket) this.lose();
    };
  }

  private take(frame: unknown): void {
    this.watch(SILENCE_MS);
    const message = readMessage(frame);
    if (message === undefined) return;
    const history = touchesHistory(this.state.data, message);
    this.state = { ...this.state, data: applyMessage(this.state.data, message) };
    const opens = isGreeting(message) && this.state.link.phase !== "online";
    this.step({ kind: opens ? "opened" : "heard", at: Date.now() });
    if (opens) this.onOnline();
    if (history) this.onHistory();
    const edge = touchesEdge(message);
    if (edge !== undefined) this.onEdge(edge);
  }

  private lose(): void {
    this.drop();
    const delay = backoffMs(this.state.link.attempt, Math.random());
    this.step({ kind: "lost", retryAt: Date.now() + delay });
    this.retry = setTimeout(this.retryNow, delay);
    // A closed socket does not say why. If the session is over, this asks and the page shows the log-in.
    if (!ELSEWHERE) request("/session").catch(() => undefined);
  }

  private drop(): void {
    clearTimeout(this.watchdog);
    this.turn += 1;
    const socket = this.socket;
    this.socket = undefined;
    if (socket === undefined) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private watch(ms: number): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.lose(), ms);
  }

  private step(input: LinkInput): void {
    const before = this.state.link;
    this.state = { ...this.state, link: nextLink(before, input) };
    if (before.phase !== this.state.link.phase) this.draw();
    else this.drawing ??= setTimeout(() => this.draw(), DRAW_EVERY_MS);
  }

  private draw(): void {
    clearTimeout(this.drawing);
    this.drawing = undefined;
    this.shown = this.state;
    for (const listener of this.listeners) listener();
  }
}

function isGreeting(message: LiveMessage): boolean {
  return message.type === "snapshot" || message.type === "resumed";
}
