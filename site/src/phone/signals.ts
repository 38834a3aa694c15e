/** Which tone a phone makes. Pure. */
import type { CallView } from "./types.ts";

export type Signal = "ring" | "waiting" | "ringback" | "test";

/** What is to be heard: a call that rings comes first, quietly while somebody talks. */
export function signalFor(calls: readonly Pick<CallView, "direction" | "state" | "earlyMedia">[]): Signal | undefined {
  const ringing = calls.some((each) => each.direction === "in" && each.state === "ringing");
  const talking = calls.some((each) => each.state === "talking" || each.state === "connecting");
  if (ringing) return talking ? "waiting" : "ring";
  return calls.some((each) => each.direction === "out" && each.state === "ringing" && !each.earlyMedia) ? "ringback" : undefined;
}
