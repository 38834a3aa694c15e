/**
 * What is wrong with a flow as far as its document alone can say. The node has the last word (`pbx.flow.graph`): it knows
 * the records of the office and the other flows.
 */
import { exitsOf, exitsOfNode, type Exit } from "./exits.ts";
import { reachable, targetOf } from "./graph.ts";
import type { ParameterSchema } from "./schema.ts";
import { END, own, type Fault, type Flow, type NodeType, type Parameters } from "./types.ts";
import { schemaFaults, type SchemaFault, type SchemaProblem } from "./validate.ts";

export interface FaultWords {
  readonly noEntry: string;
  readonly unknownType: (type: string) => string;
  readonly unwired: (exit: string) => string;
  readonly strayExit: (exit: string) => string;
  readonly gone: (exit: string, target: string) => string;
  readonly unreachable: string;
  readonly circle: (target: string) => string;
  readonly twice: (exit: string) => string;
  readonly parameter: (name: string, problem: SchemaProblem) => string;
  readonly schema: (english: string) => string;
}

type Types = ReadonlyMap<string, NodeType>;

export function localFaults(flow: Flow, types: Types, words: FaultWords): readonly Fault[] {
  const faults: Fault[] = [];
  if (flow.entry === null || !Object.hasOwn(flow.nodes, flow.entry)) faults.push(fault(words.noEntry));
  for (const [id, node] of Object.entries(flow.nodes)) {
    const type = types.get(node.type);
    if (type === undefined) {
      faults.push(fault(words.unknownType(node.type), { node: id }));
      continue;
    }
    faults.push(...parameterFaults(type, node.parameters, words).map((each) => ({ ...each, node: id })));
    faults.push(...exitFaults(flow, id, exitsOf(type, node.parameters), words));
  }
  if (flow.entry !== null) {
    const seen = reachable(flow, flow.entry);
    faults.push(...Object.keys(flow.nodes).flatMap((id) => (seen.has(id) ? [] : [fault(words.unreachable, { node: id })])));
  }
  return [...faults, ...circles(flow, types, words)];
}

function fault(text: string, where: Partial<Fault> = {}): Fault {
  return { text, node: null, exit: null, parameter: null, test: null, warning: false, ...where };
}

const KEPT = new WeakMap<Parameters, { readonly type: NodeType; readonly words: FaultWords; readonly faults: readonly Fault[] }>();

function parameterFaults(type: NodeType, parameters: Parameters, words: FaultWords): readonly Fault[] {
  const kept = KEPT.get(parameters);
  if (kept?.type === type && kept.words === words) return kept.faults;
  const faults = schemaFaults(type.parameters, parameters).map((each) =>
    fault(words.parameter(titleOf(type.parameters, each, words), each.problem), { parameter: each.path }),
  );
  const names = exitsOf(type, parameters).map((exit) => exit.name);
  const twice = new Set(names.filter((name, index) => name !== "" && names.indexOf(name) !== index));
  const list = (name: string) => exitsOf(type, parameters).find((exit) => exit.name === name)?.from?.parameter ?? null;
  faults.push(...[...twice].map((name) => fault(words.twice(name), { parameter: list(name) })));
  KEPT.set(parameters, { type, words, faults });
  return faults;
}

/** The label of the field at fault, else that of the parameter it is in. */
function titleOf(schema: ParameterSchema, each: SchemaFault, words: FaultWords): string {
  const name = /^\w+/.exec(each.path)?.[0] ?? each.path;
  return words.schema(each.schema.title ?? schema.properties?.[name]?.title ?? name);
}

function exitFaults(flow: Flow, id: string, exits: readonly Exit[], words: FaultWords): Fault[] {
  const title = (exit: Exit) => words.schema(exit.title) || exit.name;
  const found = exits.flatMap((exit) => {
    const target = targetOf(flow, id, exit.name);
    const where = { node: id, exit: exit.name };
    if (target === undefined) return exit.optional || exit.name === "" ? [] : [fault(words.unwired(title(exit)), where)];
    return target === END || Object.hasOwn(flow.nodes, target) ? [] : [fault(words.gone(title(exit), target), where)];
  });
  const names = new Set(exits.map((exit) => exit.name));
  const stray = Object.keys(own(flow.wires, id) ?? {}).filter((name) => !names.has(name));
  return [...found, ...stray.map((exit) => fault(words.strayExit(exit), { node: id, exit }))];
}

/** Where calls would go round for ever: depth first, a wire back to the present path closes a circle. */
function circles(flow: Flow, types: Types, words: FaultWords): Fault[] {
  const faults: Fault[] = [];
  const done = new Set<string>();
  for (const start of Object.keys(flow.nodes)) {
    if (done.has(start)) continue;
    const path = [{ id: start, targets: atOnce(flow, types, start) }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = top.targets.pop();
      if (target === undefined) {
        path.pop();
        onPath.delete(top.id);
        done.add(top.id);
      } else if (onPath.has(target)) {
        faults.push(fault(words.circle(target), { node: top.id }));
      } else if (!done.has(target)) {
        onPath.add(target);
        path.push({ id: target, targets: atOnce(flow, types, target) });
      }
    }
  }
  return faults;
}

/** The nodes that a call may get to from here without waiting for anything. */
function atOnce(flow: Flow, types: Types, id: string): string[] {
  const node = own(flow.nodes, id);
  if (node === undefined) return [];
  const waits = new Set(exitsOfNode(types, node).flatMap((exit) => (exit.waits ? [exit.name] : [])));
  return Object.entries(own(flow.wires, id) ?? {}).flatMap(([exit, to]) => (waits.has(exit) || !Object.hasOwn(flow.nodes, to) ? [] : [to]));
}

/** The node's answer to a check, and the draft it was about. */
export interface Checked {
  readonly flow: Flow;
  readonly faults: readonly Fault[];
}

/**
 * What is known here at once, and what the node said, as far as that is still about the same thing. What both can decide
 * (entry, exits, schemas, reach, circles) is taken from here, which is never behind.
 */
export function allFaults(local: readonly Fault[], flow: Flow, checked: Checked | undefined): readonly Fault[] {
  if (checked === undefined) return local;
  const theirs = checked.faults.filter((each) => {
    if (each.exit !== null || (each.node === null && each.test === null)) return false;
    if (each.node === null) return sameBut(flow, checked.flow);
    const node = own(flow.nodes, each.node);
    const then = own(checked.flow.nodes, each.node);
    if (node === undefined || node.parameters !== then?.parameters || node.type !== then.type) return false;
    if (each.parameter !== null) return !local.some((mine) => mine.node === each.node && root(mine.parameter) === root(each.parameter));
    if (each.warning || each.test !== null) return true;
    return flow.wires === checked.flow.wires && !local.some((mine) => mine.node === each.node && aboutAll(mine));
  });
  return [...local, ...theirs];
}

const aboutAll = (each: Fault) => each.exit === null && each.parameter === null;
const root = (parameter: string | null) => /^\w+/.exec(parameter ?? "")?.[0] ?? "";
const sameBut = (a: Flow, b: Flow) => a.nodes === b.nodes && a.wires === b.wires && a.tests === b.tests;
