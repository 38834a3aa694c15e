/** Flows for the tests of the editor's core: drawn by hand, and at random from a seed. */
import { readFileSync } from "node:fs";
import { catalogue } from "../src/flow/catalogue.ts";
import * as commands from "../src/flow/commands.ts";
import { exitsOfNode } from "../src/flow/exits.ts";
import { wiresOf } from "../src/flow/graph.ts";
import { copy, emptyFlow, paste, readFlow } from "../src/flow/transfer.ts";
import { END, type Flow, type NodeType } from "../src/flow/types.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as unknown;

export const CATALOGUE = catalogue(read("../schema/nodes.json") as Parameters<typeof catalogue>[0]);
export const TYPES = CATALOGUE.types;

export function typeNamed(name: string): NodeType {
  const type = TYPES.get(name);
  if (type === undefined) throw new Error(name);
  return type;
}

/** A template of the node, as its API gives it. */
export function template(name: string): Flow {
  const flow = readFlow((read(`../../pbx/flow/templates/${name}.json`) as { flow: unknown }).flow);
  if (flow === undefined) throw new Error(name);
  return flow;
}

/** Numbers from a seed, so that what fails can be run again (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type Edit = (flow: Flow) => Flow;

/** Something that a person might do next. */
export function anyEdit(flow: Flow, next: () => number): Edit {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)];
  const point = { x: next() * 2000 - 500, y: next() * 1000 - 300 };
  const type = pick([...TYPES.values()]) ?? typeNamed("menu");
  const id = pick(Object.keys(flow.nodes)) ?? "none";
  const node = flow.nodes[id];
  const exit = pick(node === undefined ? [] : exitsOfNode(TYPES, node))?.name ?? "done";
  const wire = pick(wiresOf(flow))?.key ?? "none:done";
  const edits: readonly Edit[] = [
    (now) => commands.addNode(now, type, point),
    (now) => commands.addNode(now, type, point),
    (now) => commands.addNodeAfter(now, type, point, { node: id, exit }),
    (now) => commands.insertNode(now, type, point, wire),
    (now) => commands.move(now, { [id]: point }, { 0: point }),
    (now) => commands.wire(now, { node: id, exit }, next() < 0.2 ? END : (pick(Object.keys(now.nodes)) ?? END)),
    (now) => commands.unwire(now, [wire]),
    (now) => commands.remove(now, { nodes: [id], notes: next() < 0.3 ? [0] : [], wires: [wire] }),
    (now) => commands.setParameters(now, TYPES, id, anyParameters(now.nodes[id]?.type ?? "", next)),
    (now) => commands.rename(now, id, `Name ${Math.floor(next() * 5)}`),
    (now) => commands.setEntry(now, id),
    (now) => commands.addNote(now, `Note ${next()}`, point),
    (now) => commands.setNote(now, 0, `Other ${next()}`),
    (now) => paste(now, copy(now, [id, pick(Object.keys(now.nodes)) ?? id], [0]), point)?.flow ?? now,
    (now) => commands.setSettings(now, { name: `Flow ${Math.floor(next() * 3)}` }),
  ];
  return pick(edits) ?? ((now) => now);
}

function anyParameters(type: string, next: () => number): Readonly<Record<string, unknown>> {
  const keys = ["0", "1", "2", "3"].filter(() => next() < 0.5);
  if (type === "menu") return { choices: keys.map((each) => ({ keys: each, name: `To ${each}` })), direct_dial: next() < 0.5 };
  if (type === "time_switch") return { rules: keys.map((each) => ({ exit: `way-${each}` })), holiday_exit: next() < 0.5 };
  return { blind: next() < 0.5, key_ends: next() < 0.5, destination: String(next()) };
}

export function anyFlow(seed: number, edits = 60): Flow {
  const next = random(seed);
  let flow = emptyFlow("500", "Random");
  for (let count = 0; count < edits; count++) flow = anyEdit(flow, next)(flow);
  return flow;
}
