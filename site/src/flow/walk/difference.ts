/** Two states of a flow on one canvas: the newer one, with what the older one had besides, each marked for what it is. */
import type { FlowDiff } from "../../schema.gen.ts";
import type { Highlight, Mark, Tone } from "../editor.ts";
import { own, wireKey, type Flow, type WireKey } from "../types.ts";

export type FlowChange = FlowDiff["changes"][number];
type Change = FlowChange["change"];

/** Strongest first: a node that was moved and changed is changed. */
const WEIGHT: readonly Change[] = ["removed", "added", "changed", "moved"];

/** A wire of a node that is new or gone says nothing of its own. */
function goesWithout(changes: readonly FlowChange[]): (change: FlowChange) => boolean {
  const whole = new Set(
    changes.flatMap((each) => (each.what === "node" && (each.change === "added" || each.change === "removed") ? [each.name] : [])),
  );
  return (change) => change.what === "wire" && whole.has(change.name);
}

/** What a person reads: each difference once. */
export function worthTelling(changes: readonly FlowChange[]): readonly FlowChange[] {
  const silent = goesWithout(changes);
  return changes.filter((each) => !silent(each));
}

export function marksOf(changes: readonly FlowChange[]): Highlight {
  const silent = goesWithout(changes);
  const nodes: Record<string, Mark> = {};
  const wires: Record<WireKey, Mark> = {};
  for (const each of changes) {
    if (each.what === "node") nodes[each.name] = stronger(own(nodes, each.name), each.change);
    else if (each.what === "wire") {
      wires[wireKey(each.name, each.field)] = { tone: each.change, ...(silent(each) ? { label: "" } : {}) };
    }
  }
  return { nodes, wires, dim: true };
}

function stronger(mark: Mark | undefined, change: Change): Mark {
  const before = mark === undefined ? WEIGHT.length : WEIGHT.indexOf(mark.tone as Change);
  const tone: Tone = WEIGHT.indexOf(change) < before ? change : (mark?.tone ?? change);
  return { tone };
}

/** The newer document, and in it the nodes and wires that only the older one has. */
export function both(before: Flow | undefined, after: Flow): Flow {
  if (before === undefined) return after;
  const wires: Record<string, Record<string, string>> = {};
  for (const [node, exits] of [...Object.entries(before.wires), ...Object.entries(after.wires)]) {
    wires[node] = { ...(own(wires, node) ?? {}), ...exits };
  }
  return { ...after, nodes: { ...before.nodes, ...after.nodes }, wires };
}

/** The nodes to look at for a change; none for what is not on the canvas. */
export function placesOf(change: FlowChange): readonly string[] {
  if (change.what === "node") return [change.name];
  if (change.what === "wire") {
    return [change.name, change.old, change.new].filter((each): each is string => typeof each === "string" && each !== "");
  }
  return change.what === "setting" && change.name === "entry" && typeof change.new === "string" ? [change.new] : [];
}

export interface Tally {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
  readonly moved: number;
}

export function tally(changes: readonly FlowChange[]): Tally {
  const count = (change: Change) => changes.filter((each) => each.change === change).length;
  return { added: count("added"), removed: count("removed"), changed: count("changed"), moved: count("moved") };
}
