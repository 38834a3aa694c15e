/** Where the arrow keys lead: right and left along the wires, up and down among what stands beside. */
import type { Exit } from "./exits.ts";
import { after, before } from "./graph.ts";
import type { Flow } from "./types.ts";

export type Direction = "left" | "right" | "up" | "down";

export function neighbour(flow: Flow, from: string, direction: Direction, exits: (node: string) => readonly Exit[]): string | undefined {
  if (!Object.hasOwn(flow.nodes, from)) return undefined;
  if (direction === "right") return after(flow, from, exits(from)).find((id) => id !== from) ?? nearest(flow, from, direction);
  if (direction === "left") return before(flow, from)[0] ?? nearest(flow, from, direction);
  const siblings = before(flow, from).flatMap((parent) => after(flow, parent, exits(parent)));
  return nearest(flow, from, direction, siblings) ?? nearest(flow, from, direction);
}

/** The closest node that way, counting what is off the line twice. */
function nearest(flow: Flow, from: string, direction: Direction, among: readonly string[] = Object.keys(flow.nodes)): string | undefined {
  const here = flow.nodes[from];
  if (here === undefined) return undefined;
  const sideways = direction === "left" || direction === "right";
  const along = sideways ? "x" : "y";
  const across = sideways ? "y" : "x";
  const way = direction === "right" || direction === "down" ? 1 : -1;
  let best: string | undefined;
  let shortest = Infinity;
  for (const id of among) {
    const node = flow.nodes[id];
    if (node === undefined || id === from) continue;
    const ahead = (node[along] - here[along]) * way;
    const distance = ahead + 2 * Math.abs(node[across] - here[across]);
    if (ahead > 0 && distance < shortest) [best, shortest] = [id, distance];
  }
  return best;
}
