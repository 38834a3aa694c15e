/** The way of a call through flows, whichever way it is known: a live call, one of the past, one that is made up. */
import type { Cdr, FlowStep, Simulation } from "../../schema.gen.ts";
import { wireKey, type WireKey } from "../types.ts";
import type { Highlight, Mark } from "../editor.ts";

/** A node that the call came to. Times are milliseconds: since 1970, or since a made-up call began. */
export interface WalkStep {
  readonly flow: string;
  /** 0 is the draft. */
  readonly revision: number;
  readonly node: string;
  readonly kind: string;
  readonly at: number;
  /** `null` while it is there, or where the call ended there; "" where nothing followed in this flow. */
  readonly exit: string | null;
  readonly leftAt: number | null;
  /** Why it failed. */
  readonly detail: string;
}

type CallEvent = Cdr["events"][number];

/** A fold over the events of a call, as the node does it for one that is going on. */
export function stepsOfEvents(events: readonly CallEvent[]): WalkStep[] {
  const revisions = new Map<string, number>();
  const steps: WalkStep[] = [];
  for (const event of events) {
    if (event.type === "flow") revisions.set(event.flow, event.revision);
    else if (event.type === "node_entered") {
      const { flow, node, kind } = event;
      const at = Date.parse(event.at);
      steps.push({ flow, node, kind, revision: revisions.get(flow) ?? 0, at, exit: null, leftAt: null, detail: "" });
    } else if (event.type === "node_left") {
      const open = steps.findLastIndex((step) => step.exit === null && step.flow === event.flow && step.node === event.node);
      const step = steps[open];
      if (step !== undefined) {
        steps[open] = { ...step, exit: event.exit, leftAt: Date.parse(event.at), detail: event.detail };
      }
    }
  }
  return steps;
}

export function stepsOfLive(path: readonly FlowStep[]): WalkStep[] {
  return path.map(({ at, left_at, ...step }) => ({
    ...step,
    at: Date.parse(at),
    leftAt: left_at === null ? null : Date.parse(left_at),
  }));
}

export function stepsOfSimulation(found: Simulation): WalkStep[] {
  return found.path.map((step, index) => ({
    flow: step.flow,
    revision: step.flow === found.flow ? found.revision : 0,
    node: step.node,
    kind: step.kind,
    at: step.at_s * 1000,
    exit: step.exit,
    leftAt: (found.path[index + 1]?.at_s ?? found.duration_s) * 1000,
    detail: step.detail,
  }));
}

export interface Picture {
  /** The node where the call is at the moment that is shown. */
  readonly here?: string | undefined;
  /** When the last step ended, where it does not say. */
  readonly endedAt: number;
  /** How a time is written beside a node; "" for none. */
  readonly time: (ms: number) => string;
}

/** The path on the canvas of one flow: where it went, how often, how long it stayed, and where it went wrong. */
export function highlightPath(steps: readonly WalkStep[], flow: string, picture: Picture): Highlight {
  const nodes: Record<string, Mark> = {};
  const wires: Record<WireKey, Mark> = {};
  const stayed = new Map<string, number>();
  for (const step of steps) {
    if (step.flow !== flow) continue;
    const spent = (stayed.get(step.node) ?? 0) + Math.max(0, (step.leftAt ?? picture.endedAt) - step.at);
    stayed.set(step.node, spent);
    const failed = step.exit === "failed";
    const label = picture.time(spent);
    nodes[step.node] = {
      tone: picture.here === step.node ? "live" : failed ? "failed" : "path",
      ...again(nodes[step.node]),
      ...(label === "" ? {} : { label }),
    };
    if (step.exit) {
      const key = wireKey(step.node, step.exit);
      wires[key] = { tone: failed ? "failed" : "path", ...again(wires[key]) };
    }
  }
  return { nodes, wires, dim: true };
}

/** How often, from the second time on. */
function again(mark: Mark | undefined): Pick<Mark, "count"> {
  return mark === undefined ? {} : { count: (mark.count ?? 1) + 1 };
}

/** The flows of a path in the order in which they were entered, each with its revision and its first step. */
export function flowsOf(steps: readonly WalkStep[]): readonly WalkStep[] {
  return steps.filter((step, index) => steps.findIndex((each) => each.flow === step.flow) === index);
}
