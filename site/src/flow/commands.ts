/**
 * Everything that can be done to a flow. Each is a function from a flow to a flow; one that changes nothing gives the
 * very same flow back, so that nothing is saved or undone for it.
 */
import { newParameters } from "./catalogue.ts";
import { exitsOf } from "./exits.ts";
import { freeId } from "./naming.ts";
import { sameJson } from "./same.ts";
import { END, own, type Flow, type FlowNode, type NodeType, type Parameters, type WireKey, readWireKey } from "./types.ts";

export type Types = ReadonlyMap<string, NodeType>;

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Source {
  readonly node: string;
  readonly exit: string;
}

const FARTHEST = 100_000;

/** Positions are whole pixels within what the node accepts. */
export function at({ x, y }: Point): Point {
  const within = (value: number) => Math.round(Math.min(FARTHEST, Math.max(-FARTHEST, Number.isFinite(value) ? value : 0))) || 0;
  return { x: within(x), y: within(y) };
}

/** The id that `addNode` will give. */
export function newId(flow: Flow, type: string): string {
  return freeId(type.replaceAll("_", "-"), (id) => Object.hasOwn(flow.nodes, id));
}

/** A new node; the first that calls can begin at becomes the entry. */
export function addNode(flow: Flow, type: NodeType, point: Point, parameters: Parameters = newParameters(type)): Flow {
  const node: FlowNode = { type: type.type, name: "", parameters, ...at(point) };
  const id = newId(flow, type.type);
  const begins = flow.entry === null && (type.group === "start" || Object.keys(flow.nodes).length === 0);
  return { ...flow, nodes: { ...flow.nodes, [id]: node }, entry: begins ? id : flow.entry };
}

/** A new node that the exit `from` leads to. */
export function addNodeAfter(flow: Flow, type: NodeType, point: Point, from: Source): Flow {
  return wire(addNode(flow, type, point), from, newId(flow, type.type));
}

/** A new node in the middle of a wire: what the wire led to is led to by the first exit of the new node. */
export function insertNode(flow: Flow, type: NodeType, point: Point, on: WireKey): Flow {
  const { node, exit } = readWireKey(on);
  const target = own(own(flow.wires, node) ?? {}, exit);
  if (target === undefined) return flow;
  const id = newId(flow, type.type);
  const added = addNodeAfter(flow, type, point, { node, exit });
  const onwards = exitsOf(type, added.nodes[id]?.parameters ?? {}).find((each) => each.name !== "failed");
  return onwards === undefined ? added : wire(added, { node: id, exit: onwards.name }, target);
}

/** Where nodes and notes are to be; each position is the final one, not a distance. */
export function move(flow: Flow, nodes: Readonly<Record<string, Point>>, notes: Readonly<Record<number, Point>> = {}): Flow {
  const moved = Object.entries(nodes).flatMap(([id, point]) => {
    const node = own(flow.nodes, id);
    const to = at(point);
    return node === undefined || (node.x === to.x && node.y === to.y) ? [] : [[id, { ...node, ...to }] as const];
  });
  const notesMoved = flow.notes.map((note, index) => {
    const point = notes[index];
    if (point === undefined) return note;
    const to = at(point);
    return note.x === to.x && note.y === to.y ? note : { ...note, ...to };
  });
  const noteChanged = notesMoved.some((note, index) => note !== flow.notes[index]);
  if (moved.length === 0 && !noteChanged) return flow;
  return {
    ...flow,
    nodes: moved.length === 0 ? flow.nodes : { ...flow.nodes, ...Object.fromEntries(moved) },
    notes: noteChanged ? notesMoved : flow.notes,
  };
}

/** Leads an exit to a node, or to `END`. */
export function wire(flow: Flow, { node, exit }: Source, to: string): Flow {
  if (!Object.hasOwn(flow.nodes, node) || (to !== END && !Object.hasOwn(flow.nodes, to))) return flow;
  const wires = own(flow.wires, node) ?? {};
  if (own(wires, exit) === to) return flow;
  return { ...flow, wires: { ...flow.wires, [node]: { ...wires, [exit]: to } } };
}

export function unwire(flow: Flow, keys: readonly WireKey[]): Flow {
  return keys.reduce((before, key) => {
    const { node, exit } = readWireKey(key);
    const wires = own(before.wires, node);
    if (wires === undefined || !Object.hasOwn(wires, exit)) return before;
    return { ...before, wires: withWires(before.wires, node, without(wires, exit)) };
  }, flow);
}

/** Takes nodes, notes and wires away, and whatever wire led to such a node. */
export function remove(flow: Flow, what: { readonly nodes?: readonly string[]; readonly notes?: readonly number[]; readonly wires?: readonly WireKey[] }): Flow {
  const cut = unwire(flow, what.wires ?? []);
  const gone = new Set((what.nodes ?? []).filter((id) => Object.hasOwn(cut.nodes, id)));
  const notes = new Set((what.notes ?? []).filter((index) => index in cut.notes));
  if (gone.size === 0 && notes.size === 0) return cut;
  const wires = Object.entries(cut.wires)
    .filter(([from]) => !gone.has(from))
    .map(([from, exits]) => [from, keep(exits, (to) => !gone.has(to))] as const)
    .filter(([from, exits]) => Object.keys(exits).length > 0 || exits === cut.wires[from]);
  return {
    ...cut,
    nodes: gone.size === 0 ? cut.nodes : Object.fromEntries(Object.entries(cut.nodes).filter(([id]) => !gone.has(id))),
    wires: gone.size === 0 ? cut.wires : Object.fromEntries(wires),
    notes: notes.size === 0 ? cut.notes : cut.notes.filter((_, index) => !notes.has(index)),
    entry: cut.entry !== null && gone.has(cut.entry) ? null : cut.entry,
  };
}

/**
 * Other parameters for a node. Where that takes exits away, their wires go; where an element of a list gets another name
 * (the key of a choice), its wire stays with it.
 */
export function setParameters(flow: Flow, types: Types, id: string, parameters: Parameters): Flow {
  const node = own(flow.nodes, id);
  if (node === undefined || sameJson(node.parameters, parameters)) return flow;
  const nodes = { ...flow.nodes, [id]: { ...node, parameters } };
  const type = types.get(node.type);
  const wires = own(flow.wires, id);
  if (type === undefined || wires === undefined) return { ...flow, nodes };
  const kept = carry(type, node.parameters, parameters, wires);
  return { ...flow, nodes, wires: kept === wires ? flow.wires : withWires(flow.wires, id, kept) };
}

function carry(type: NodeType, old: Parameters, now: Parameters, wires: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const before = exitsOf(type, old);
  const there = exitsOf(type, now);
  const names = new Set(there.map((exit) => exit.name));
  const gone = before.filter((exit) => !names.has(exit.name) && Object.hasOwn(wires, exit.name));
  if (gone.length === 0) return wires;
  const known = new Set(before.map((exit) => exit.name));
  const kept: Record<string, string> = { ...wires };
  for (const exit of gone) {
    const renamed = there.find(
      (each) => each.from !== undefined && each.from.parameter === exit.from?.parameter && each.from.index === exit.from.index && !known.has(each.name),
    );
    const sameLength = count(before, exit.from?.parameter) === count(there, exit.from?.parameter);
    if (renamed !== undefined && sameLength) kept[renamed.name] = wires[exit.name] ?? END;
    Reflect.deleteProperty(kept, exit.name);
  }
  return kept;
}

const count = (exits: readonly { readonly from?: { readonly parameter: string } }[], parameter: string | undefined) =>
  exits.filter((exit) => exit.from?.parameter === parameter).length;

export function rename(flow: Flow, id: string, name: string): Flow {
  const node = own(flow.nodes, id);
  if (node === undefined || node.name === name) return flow;
  return { ...flow, nodes: { ...flow.nodes, [id]: { ...node, name } } };
}

export function setEntry(flow: Flow, id: string): Flow {
  return flow.entry === id || !Object.hasOwn(flow.nodes, id) ? flow : { ...flow, entry: id };
}

export function addNote(flow: Flow, text: string, point: Point): Flow {
  return { ...flow, notes: [...flow.notes, { text, ...at(point) }] };
}

export function setNote(flow: Flow, index: number, text: string): Flow {
  const note = flow.notes[index];
  if (note === undefined || note.text === text) return flow;
  return { ...flow, notes: flow.notes.with(index, { ...note, text }) };
}

/** What stands above the canvas: name, description, recording. The number stays. */
export function setSettings(flow: Flow, settings: Partial<Pick<Flow, "name" | "description" | "record" | "record_keep_days">>): Flow {
  const next = { ...flow, ...settings };
  return sameJson(next, flow) ? flow : next;
}

/** Another document in the place of this one, as importing does; the number stays. */
export function replaceWith(flow: Flow, other: Flow): Flow {
  const next = { ...other, number: flow.number };
  return sameJson(next, flow) ? flow : next;
}

function withWires(wires: Flow["wires"], id: string, exits: Readonly<Record<string, string>>): Flow["wires"] {
  return Object.keys(exits).length === 0 ? without(wires, id) : { ...wires, [id]: exits };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));
}

/** The very same record when all of it stays. */
function keep(exits: Readonly<Record<string, string>>, stays: (to: string) => boolean): Readonly<Record<string, string>> {
  const kept = Object.entries(exits).filter(([, to]) => stays(to));
  return kept.length === Object.keys(exits).length ? exits : Object.fromEntries(kept);
}
