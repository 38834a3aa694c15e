/** Puts the nodes in order: calls go from left to right, and wires cross as little as can be. */
import { Graph, layout as arrange } from "@dagrejs/dagre";
import { at, type Point } from "./commands.ts";
import { exitsOfNode } from "./exits.ts";
import { GRID, heightOf, shownExits, WIDTH } from "./geometry.ts";
import { inOrder, targetOf } from "./graph.ts";
import { END, own, type Flow, type NodeType } from "./types.ts";

const BETWEEN_COLUMNS = 90;
const BETWEEN_ROWS = 40;

/** Where each node is to be. The entry stays where it is, so the picture does not jump. */
export function layout(flow: Flow, types: ReadonlyMap<string, NodeType>, only?: ReadonlySet<string>): Readonly<Record<string, Point>> {
  const drawn = (id: string) => only === undefined || only.has(id);
  const exits = (id: string) => exitsOfNode(types, flow.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 });
  const ids = inOrder(flow, exits).filter(drawn);
  const first = ids[0];
  if (first === undefined) return {};
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", ranksep: BETWEEN_COLUMNS, nodesep: BETWEEN_ROWS });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const id of ids) {
    const rows = shownExits(exits(id), own(flow.wires, id) ?? {}, false).length;
    graph.setNode(id, { width: WIDTH, height: heightOf(rows) });
  }
  for (const id of ids) {
    for (const exit of exits(id)) {
      const to = targetOf(flow, id, exit.name);
      if (to !== undefined && to !== END && to !== id && drawn(to) && graph.hasNode(to)) graph.setEdge(id, to);
    }
  }
  arrange(graph);
  const corner = (id: string): Point => {
    const { x = 0, y = 0, width = 0, height = 0 } = graph.node(id) as { x?: number; y?: number; width?: number; height?: number };
    return { x: x - width / 2, y: y - height / 2 };
  };
  const origin = corner(first);
  const stays = flow.nodes[first] ?? { x: 0, y: 0 };
  const toGrid = (value: number) => Math.round(value / GRID) * GRID;
  return Object.fromEntries(
    ids.map((id) => {
      const { x, y } = corner(id);
      return [id, at({ x: toGrid(x - origin.x + stays.x), y: toGrid(y - origin.y + stays.y) })];
    }),
  );
}

/** A place at `wanted` or below it where a new node covers no other. */
export function freePlace(flow: Flow, types: ReadonlyMap<string, NodeType>, wanted: Point, rows = 3): Point {
  const height = heightOf(rows);
  const boxes = Object.entries(flow.nodes).map(([id, node]) => ({
    x: node.x,
    y: node.y,
    height: heightOf(shownExits(exitsOfNode(types, node), own(flow.wires, id) ?? {}, false).length),
  }));
  const covers = (y: number) =>
    boxes.find((box) => Math.abs(box.x - wanted.x) < WIDTH + GRID && y < box.y + box.height + GRID && box.y < y + height + GRID);
  let y = wanted.y;
  for (let hit = covers(y); hit !== undefined; hit = covers(y)) y = Math.ceil((hit.y + hit.height + GRID) / GRID) * GRID;
  return { x: wanted.x, y };
}
