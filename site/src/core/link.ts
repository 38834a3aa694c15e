/**
 * Whether the node is there: the connection behind the truth badge, as a state machine without a clock or a socket.
 *
 *   idle ──start──▸ trying ──opened──▸ online ──lost──▸ waiting ──due──▸ trying …
 *
 * `lastHeardAt` is when the node last said anything. It outlives every loss, so that a page can say from when its
 * figures are instead of showing a zero that nobody measured.
 */
export type LinkPhase = "idle" | "trying" | "online" | "waiting";

export interface LinkState {
  readonly phase: LinkPhase;
  /** Failed tries since the node was last online. */
  readonly attempt: number;
  readonly lastHeardAt: number | undefined;
  /** While waiting: when the next try begins (ms). */
  readonly retryAt: number | undefined;
}

export type LinkInput =
  | { readonly kind: "start" }
  | { readonly kind: "opened"; readonly at: number }
  | { readonly kind: "heard"; readonly at: number }
  | { readonly kind: "lost"; readonly retryAt: number }
  | { readonly kind: "due" }
  | { readonly kind: "stop" };

export const IDLE: LinkState = { phase: "idle", attempt: 0, lastHeardAt: undefined, retryAt: undefined };

type Step = (state: LinkState, input: LinkInput) => LinkState;

const stay: Step = (state) => state;
const stop: Step = (state) => ({ ...IDLE, lastHeardAt: state.lastHeardAt });
const tryNow: Step = (state) => ({ ...state, phase: "trying", retryAt: undefined });
const begin: Step = (state) => ({ ...state, phase: "trying", attempt: 0, retryAt: undefined });
const open: Step = (state, input) => ({
  phase: "online",
  attempt: 0,
  lastHeardAt: "at" in input ? input.at : state.lastHeardAt,
  retryAt: undefined,
});
const hear: Step = (state, input) => ("at" in input ? { ...state, lastHeardAt: input.at } : state);
const wait: Step = (state, input) => ({
  ...state,
  phase: "waiting",
  attempt: state.attempt + 1,
  retryAt: "retryAt" in input ? input.retryAt : undefined,
});

/** Total: what is not named by the protocol leaves the state as it is. */
const TABLE: Readonly<Record<LinkPhase, Readonly<Record<LinkInput["kind"], Step>>>> = {
  idle: { start: begin, opened: stay, heard: stay, lost: stay, due: stay, stop },
  trying: { start: stay, opened: open, heard: stay, lost: wait, due: stay, stop },
  online: { start: stay, opened: open, heard: hear, lost: wait, due: stay, stop },
  waiting: { start: tryNow, opened: stay, heard: stay, lost: stay, due: tryNow, stop },
};

export function nextLink(state: LinkState, input: LinkInput): LinkState {
  return TABLE[state.phase][input.kind](state, input);
}

/** What the badge says. A first try is not yet a fault; a second one is. */
export function badgeOf(link: LinkState): "online" | "connecting" | "offline" {
  if (link.phase === "online") return "online";
  return link.attempt === 0 ? "connecting" : "offline";
}
