/** The ways out of a node, from its type and its parameters: as `pbx.flow.node` has them. */
import type { FlowNode, NodeExit, NodeType, Parameters } from "./types.ts";

export interface Exit {
  readonly name: string;
  readonly title: string;
  /** May be left unwired: the call then ends politely. */
  readonly optional: boolean;
  /** Time has passed when a call leaves here. */
  readonly waits: boolean;
  /** Where it stands in the list that it is an element of: the parameter and the place. */
  readonly from?: { readonly parameter: string; readonly index: number };
}

const CACHE = new WeakMap<Parameters, { readonly type: NodeType; readonly exits: readonly Exit[] }>();

/** The very same list for the same parameters, so that what is drawn from it can be kept. */
export function exitsOf(type: NodeType, parameters: Parameters): readonly Exit[] {
  const kept = CACHE.get(parameters);
  if (kept?.type === type) return kept.exits;
  const exits = type.exits.flatMap((exit) => (exit.each === "" ? fixed(type, exit, parameters) : each(exit, parameters)));
  CACHE.set(parameters, { type, exits });
  return exits;
}

/** None for a type that is not known here. */
export function exitsOfNode(types: ReadonlyMap<string, NodeType>, node: FlowNode): readonly Exit[] {
  const type = types.get(node.type);
  return type === undefined ? [] : exitsOf(type, node.parameters);
}

function fixed(type: NodeType, exit: NodeExit, parameters: Parameters): Exit[] {
  const { name, title, optional, waits, when } = exit;
  if (when !== "") {
    const parameter = when.replace(/^!/, "");
    const value = parameter in parameters ? parameters[parameter] : type.parameters.properties?.[parameter]?.default;
    if (isSet(value) === when.startsWith("!")) return [];
  }
  return [{ name, title, optional, waits }];
}

function each(exit: NodeExit, parameters: Parameters): Exit[] {
  const list = parameters[exit.each];
  if (!Array.isArray(list)) return [];
  return list.map((element: unknown, index) => {
    const name = fieldText(element, exit.name);
    const others = exit.title.split(" ").flatMap((field) => (field === exit.name ? [] : fieldText(element, field)));
    const words = others.filter((text) => text !== "").join(" ");
    // Keys say something beside a name ("1 Sales"); an inner name such as "open" does not.
    const title = words !== "" && /[a-z]/.test(name) ? words : `${name} ${words}`.trim();
    const { optional, waits } = exit;
    return { name, title, optional, waits, from: { parameter: exit.each, index } };
  });
}

function fieldText(element: unknown, field: string): string {
  if (typeof element !== "object" || element === null) return "";
  const value = (element as Readonly<Record<string, unknown>>)[field];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** What Python's `bool()` says. */
function isSet(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== null && value !== false && value !== "" && value !== 0;
}
