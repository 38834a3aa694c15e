/** The calls that are in a flow now, and where. */
import { partyName } from "../../core/people.ts";
import type { LiveCall } from "../../schema.gen.ts";
import type { Highlight, Mark } from "../editor.ts";
import { wireKey, type WireKey } from "../types.ts";
import { stepsOfLive, type WalkStep } from "./path.ts";

export interface CallHere {
  readonly id: string;
  readonly who: string;
  readonly number: string;
  readonly node: string;
  readonly kind: string;
  readonly revision: number;
  /** Since when it is at the node, and since when it is going on (ms). */
  readonly since: number;
  readonly startedAt: number;
  readonly steps: readonly WalkStep[];
}

/** Those whose newest open step is in the flow, the longest first. */
export function callsIn(flow: string, calls: readonly LiveCall[]): readonly CallHere[] {
  return calls.flatMap((call) => here(flow, call) ?? []).sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
}

function here(flow: string, call: LiveCall): CallHere | undefined {
  if (call.state === "ended") return undefined;
  const steps = stepsOfLive(call.flow_path);
  const open = steps.findLast((step) => step.exit === null);
  if (open?.flow !== flow) return undefined;
  return {
    id: call.id,
    who: partyName(call.from_name, call.from_number),
    number: call.from_number,
    node: open.node,
    kind: open.kind,
    revision: open.revision,
    since: open.at,
    startedAt: Date.parse(call.started_at),
    steps,
  };
}

/** How long a wire stays bright after a call has passed it. */
export const TRAIL_MS = 4000;

/**
 * Where they are: each node with how many and who, the wires that they have just passed. `followed` shows one call's
 * whole way.
 */
export function liveMarks(
  calls: readonly CallHere[],
  flow: string,
  now: number,
  words: { readonly token: (who: string, ms: number) => string },
  followed?: string,
): Highlight {
  const nodes: Record<string, Mark> = {};
  const wires: Record<WireKey, Mark> = {};
  const chosen = calls.find((call) => call.id === followed);
  for (const step of chosen?.steps ?? []) {
    if (step.flow !== flow) continue;
    nodes[step.node] = { tone: "path" };
    if (step.exit) wires[wireKey(step.node, step.exit)] = { tone: "path" };
  }
  for (const call of calls) {
    for (const step of call.steps) {
      if (step.flow === flow && step.exit && step.leftAt !== null && now - step.leftAt < TRAIL_MS) {
        wires[wireKey(step.node, step.exit)] = { tone: "live" };
      }
    }
  }
  for (const node of new Set(calls.map((call) => call.node))) {
    const there = calls.filter((call) => call.node === node);
    const [first] = there;
    if (first === undefined) continue;
    const label = there.length === 1 ? words.token(first.who, now - first.since) : names(there);
    nodes[node] = { tone: "live", label, ...(there.length > 1 ? { count: there.length } : {}) };
  }
  return { nodes, wires, dim: chosen !== undefined };
}

function names(calls: readonly CallHere[]): string {
  const shown = calls.slice(0, 2).map((call) => call.who);
  return calls.length > shown.length ? `${shown.join(", ")} …` : shown.join(", ");
}
