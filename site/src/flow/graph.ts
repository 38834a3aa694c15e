/** A flow as a graph: its wires as a list, and where calls can come to. */
import type { Exit } from "./exits.ts";
import { END, own, wireKey, type Flow, type WireKey } from "./types.ts";

export interface Wire {
  readonly key: WireKey;
  readonly from: string;
  readonly exit: string;
  /** `END` where the call ends. */
  readonly to: string;
}

const CACHE = new WeakMap<Flow["wires"], readonly Wire[]>();

export function wiresOf(flow: Flow): readonly Wire[] {
  const kept = CACHE.get(flow.wires);
  if (kept !== undefined) return kept;
  const wires = Object.entries(flow.wires).flatMap(([from, exits]) =>
    Object.entries(exits).map(([exit, to]) => ({ key: wireKey(from, exit), from, exit, to })),
  );
  CACHE.set(flow.wires, wires);
  return wires;
}

/** Where an exit leads; undefined when it is not wired. */
export function targetOf(flow: Flow, node: string, exit: string): string | undefined {
  return own(own(flow.wires, node) ?? {}, exit);
}

/** The nodes that wires lead to from here, in the order of the exits, each once. */
export function after(flow: Flow, node: string, exits: readonly Exit[]): readonly string[] {
  const wires = own(flow.wires, node) ?? {};
  const names = [...exits.map((exit) => exit.name), ...Object.keys(wires)];
  const targets = names.map((name) => own(wires, name) ?? END).filter((to) => to !== END && Object.hasOwn(flow.nodes, to));
  return [...new Set(targets)];
}

/** The nodes from which a wire leads here, each once. */
export function before(flow: Flow, node: string): readonly string[] {
  return [...new Set(wiresOf(flow).flatMap((wire) => (wire.to === node && wire.from !== node ? [wire.from] : [])))];
}

/** All nodes that a call can come to. */
export function reachable(flow: Flow, start: string | null): ReadonlySet<string> {
  const seen = new Set<string>();
  const waiting = start !== null && Object.hasOwn(flow.nodes, start) ? [start] : [];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    for (const to of Object.values(own(flow.wires, node) ?? {})) {
      if (to !== END && Object.hasOwn(flow.nodes, to)) waiting.push(to);
    }
  }
  return seen;
}

/** The nodes in the order in which calls meet them: from the entry along the wires, then what no call can come to. */
export function inOrder(flow: Flow, exits: (node: string) => readonly Exit[]): readonly string[] {
  const found = new Set<string>();
  const visit = (start: string) => {
    const waiting = [start];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (found.has(node)) continue;
      found.add(node);
      waiting.push(...after(flow, node, exits(node)).toReversed());
    }
  };
  if (flow.entry !== null && Object.hasOwn(flow.nodes, flow.entry)) visit(flow.entry);
  const rest = Object.keys(flow.nodes).filter((node) => !found.has(node));
  rest.sort((a, b) => (flow.nodes[a]?.y ?? 0) - (flow.nodes[b]?.y ?? 0) || (flow.nodes[a]?.x ?? 0) - (flow.nodes[b]?.x ?? 0));
  for (const node of rest) visit(node);
  return [...found];
}
