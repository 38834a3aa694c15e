/** How many calls went which way, on the canvas. */
import type { FlowTraffic } from "../../schema.gen.ts";
import type { Highlight, Mark } from "../editor.ts";
import { wireKey, type WireKey } from "../types.ts";

export interface TrafficWords {
  /** "45 %" */
  readonly share: (part: number) => string;
  readonly time: (seconds: number) => string;
}

/** Nodes with their median, wires with their share of the node's calls. */
export function trafficMarks(traffic: FlowTraffic, words: TrafficWords): Highlight {
  const nodes: Record<string, Mark> = {};
  const wires: Record<WireKey, Mark> = {};
  for (const each of traffic.nodes) {
    nodes[each.node] = { tone: "path", count: each.calls, ...(each.median_s < 1 ? {} : { label: words.time(each.median_s) }) };
    for (const exit of each.exits) {
      if (exit.exit === "") continue;
      const share = words.share(each.calls === 0 ? 0 : exit.calls / each.calls);
      wires[wireKey(each.node, exit.exit)] = { tone: exit.exit === "failed" ? "failed" : "path", count: exit.calls, label: share };
    }
  }
  return { nodes, wires, dim: true };
}

export interface Way {
  readonly node: string;
  /** "" where the call ended at the node, or went on in another flow. */
  readonly exit: string;
  readonly calls: number;
  readonly share: number;
  readonly medianS: number;
}

/** Every way out that was taken, the busiest first. */
export function busiestWays(traffic: FlowTraffic): readonly Way[] {
  return traffic.nodes
    .flatMap((each) =>
      each.exits.map(({ exit, calls, median_s }) => ({
        node: each.node,
        exit,
        calls,
        share: each.calls === 0 ? 0 : calls / each.calls,
        medianS: median_s,
      })),
    )
    .sort((a, b) => b.calls - a.calls || a.node.localeCompare(b.node) || a.exit.localeCompare(b.exit));
}
