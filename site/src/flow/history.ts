/**
 * Undo and redo. A step is the flow before and after; steps with the same name that follow each other soon (typing into
 * one field, nudging with the arrows) are one. Time is an argument.
 */
import type { Flow } from "./types.ts";

export interface Step {
  readonly flow: Flow;
  /** What led from here to the next state, in words. */
  readonly what: string;
}

export interface History {
  readonly past: readonly Step[];
  readonly present: Flow;
  readonly future: readonly Step[];
  /** The burst that is going on, and when it was last added to (ms). */
  readonly burst: string;
  readonly at: number;
}

const MOST = 300;
/** A pause of this length ends a burst. */
export const BURST_MS = 1500;

export function begin(flow: Flow): History {
  return { past: [], present: flow, future: [], burst: "", at: 0 };
}

export interface Change {
  readonly what: string;
  readonly edit: (flow: Flow) => Flow;
  /**
   * Changes with the same burst become one step. Each is then made to the flow as it was before the burst, so it has to
   * say all that the burst has come to ("the field holds abc"), not what was added ("c").
   */
  readonly burst?: string;
  readonly at: number;
}

export function apply(history: History, { what, edit, burst = "", at }: Change): History {
  const last = history.past.at(-1);
  const goesOn = burst !== "" && burst === history.burst && at - history.at < BURST_MS && last !== undefined;
  const base = goesOn ? last.flow : history.present;
  const next = edit(base);
  if (next === history.present) return history;
  if (goesOn && next === base) return { ...history, past: history.past.slice(0, -1), present: base, future: [], burst: "", at };
  if (goesOn) return { ...history, present: next, future: [], at };
  return { past: [...history.past, { flow: base, what }].slice(-MOST), present: next, future: [], burst, at };
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  if (last === undefined) return history;
  const future = [{ flow: history.present, what: last.what }, ...history.future];
  return { past: history.past.slice(0, -1), present: last.flow, future, burst: "", at: 0 };
}

export function redo(history: History): History {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  const past = [...history.past, { flow: history.present, what: next.what }];
  return { past, present: next.flow, future, burst: "", at: 0 };
}

/** Ends a burst: what follows is a step of its own. */
export function settle(history: History): History {
  return history.burst === "" ? history : { ...history, burst: "" };
}
