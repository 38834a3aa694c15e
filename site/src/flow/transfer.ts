/** Flows as text: files that are imported, and what the clipboard holds. Whatever is read is read with suspicion. */
import { at, type Point } from "./commands.ts";
import { freeId, NODE_ID } from "./naming.ts";
import { isObject } from "./same.ts";
import { END, own, type Flow, type FlowNode, type FlowNote, type FlowTest, type Wires } from "./types.ts";

export const MOST_NODES = 500;
const MOST_NOTES = 100;

/** A new flow without a node. */
export function emptyFlow(number: string, name: string): Flow {
  return { number, name, description: "", record: "default", record_keep_days: null, entry: null, nodes: {}, wires: {}, notes: [], tests: [] };
}

/** A document with everything that may be left out in it; undefined for what is no flow. */
export function readFlow(value: unknown): Flow | undefined {
  const document = isObject(value) && isObject(value["flow"]) && !("nodes" in value) ? value["flow"] : value;
  if (!isObject(document) || !isObject(document["nodes"])) return undefined;
  const nodes = readNodes(document["nodes"]);
  if (nodes === undefined || Object.keys(nodes).length > MOST_NODES) return undefined;
  const entry = document["entry"];
  const record = RECORD.find((each) => each === document["record"]) ?? "default";
  const days = document["record_keep_days"];
  return {
    number: text(document["number"]),
    name: text(document["name"]),
    description: text(document["description"]),
    record,
    record_keep_days: typeof days === "number" ? days : null,
    entry: typeof entry === "string" && Object.hasOwn(nodes, entry) ? entry : null,
    nodes,
    wires: readWires(document["wires"], nodes),
    notes: readNotes(document["notes"]),
    tests: Array.isArray(document["tests"]) ? (document["tests"].filter(isObject) as unknown as FlowTest[]) : [],
  };
}

const RECORD = ["always", "default", "never", "on_demand"] as const;

export function parseFlow(json: string): Flow | undefined {
  return readFlow(parse(json));
}

export function formatFlow(flow: Flow): string {
  return `${JSON.stringify(flow, null, 2)}\n`;
}

function readNodes(value: Readonly<Record<string, unknown>>): Record<string, FlowNode> | undefined {
  const nodes: Record<string, FlowNode> = {};
  for (const [id, node] of Object.entries(value)) {
    if (!NODE_ID.test(id) || !isObject(node) || text(node["type"]) === "") return undefined;
    const parameters = isObject(node["parameters"]) ? node["parameters"] : {};
    nodes[id] = { type: text(node["type"]), name: text(node["name"]).slice(0, 80), parameters, ...at({ x: number(node["x"]), y: number(node["y"]) }) };
  }
  return nodes;
}

/** Wires from nodes that are not there are left out; the others stay, wherever they lead. */
function readWires(value: unknown, nodes: Readonly<Record<string, FlowNode>>): Wires {
  if (!isObject(value)) return {};
  const wires: Record<string, Record<string, string>> = {};
  for (const [id, exits] of Object.entries(value)) {
    if (!Object.hasOwn(nodes, id) || !isObject(exits)) continue;
    const kept = Object.entries(exits).filter((each): each is [string, string] => typeof each[1] === "string");
    if (kept.length > 0) wires[id] = Object.fromEntries(kept);
  }
  return wires;
}

function readNotes(value: unknown): FlowNote[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isObject)
    .slice(0, MOST_NOTES)
    .map((note) => ({ text: text(note["text"]).slice(0, 2000), ...at({ x: number(note["x"]), y: number(note["y"]) }) }));
}

// -- the clipboard -----------------------------------------------------------------------------------------------

export interface Clip {
  readonly nodes: Readonly<Record<string, FlowNode>>;
  /** Between these nodes, and to the end of the call. */
  readonly wires: Wires;
  readonly notes: readonly FlowNote[];
}

const MARK = "bellwire-flow-nodes";

export function copy(flow: Flow, ids: readonly string[], notes: readonly number[] = []): Clip {
  const chosen = new Set(ids);
  const nodes = Object.fromEntries(Object.entries(flow.nodes).filter(([id]) => chosen.has(id)));
  const wires: Record<string, Record<string, string>> = {};
  for (const id of Object.keys(nodes)) {
    const kept = Object.entries(own(flow.wires, id) ?? {}).filter(([, to]) => to === END || chosen.has(to));
    if (kept.length > 0) wires[id] = Object.fromEntries(kept);
  }
  return { nodes, wires, notes: flow.notes.filter((_, index) => notes.includes(index)) };
}

export function formatClip(clip: Clip): string {
  return JSON.stringify({ [MARK]: 1, ...clip }, null, 2);
}

/** Nodes from the clipboard, or a whole flow that somebody copied as text. */
export function parseClip(json: string): Clip | undefined {
  const value = parse(json);
  if (!isObject(value)) return undefined;
  const flow = readFlow(value);
  if (flow === undefined) return undefined;
  if (Object.keys(flow.nodes).length === 0 && flow.notes.length === 0) return undefined;
  return { nodes: flow.nodes, wires: flow.wires, notes: flow.notes };
}

export interface Pasted {
  readonly flow: Flow;
  readonly nodes: readonly string[];
  readonly notes: readonly number[];
}

/** The clip with its upper left corner at `point`, under names of its own. What would be too much is refused whole. */
export function paste(flow: Flow, clip: Clip, point: Point): Pasted | undefined {
  const fits = Object.keys(flow.nodes).length + Object.keys(clip.nodes).length <= MOST_NODES;
  if (!fits || flow.notes.length + clip.notes.length > MOST_NOTES) return undefined;
  const places: readonly Point[] = [...Object.values(clip.nodes), ...clip.notes];
  const shift = { x: point.x - Math.min(...places.map((each) => each.x)), y: point.y - Math.min(...places.map((each) => each.y)) };
  const moved = <T extends Point>(thing: T): T => ({ ...thing, ...at({ x: thing.x + shift.x, y: thing.y + shift.y }) });

  const names = new Map<string, string>();
  const nodes: Record<string, FlowNode> = { ...flow.nodes };
  for (const [id, node] of Object.entries(clip.nodes)) {
    const name = freeId(id, (taken) => Object.hasOwn(nodes, taken));
    names.set(id, name);
    nodes[name] = moved(node);
  }
  const wires: Record<string, Readonly<Record<string, string>>> = { ...flow.wires };
  for (const [id, exits] of Object.entries(clip.wires)) {
    const from = names.get(id);
    const kept = Object.entries(exits).flatMap(([exit, to]) => {
      const target = to === END ? END : names.get(to);
      return target === undefined ? [] : [[exit, target] as const];
    });
    if (from !== undefined && kept.length > 0) wires[from] = Object.fromEntries(kept);
  }
  return {
    flow: { ...flow, nodes, wires, notes: [...flow.notes, ...clip.notes.map(moved)] },
    nodes: [...names.values()],
    notes: clip.notes.map((_, index) => flow.notes.length + index),
  };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

const text = (value: unknown) => (typeof value === "string" ? value : "");
const number = (value: unknown) => (typeof value === "number" ? value : 0);
