/** The words of the editor's core: a flow as its document has it, the types of nodes, and the ways out of one. */
import type { Flow as ApiFlow, FlowNode as ApiNode, FlowNodeType as ApiNodeType, Fault, FlowNote, FlowTest, NodeExit } from "../schema.gen.ts";
import type { ParameterSchema } from "./schema.ts";

export type { Fault, FlowNote, FlowTest, NodeExit };

export type Parameters = Readonly<Record<string, unknown>>;

export interface FlowNode extends Omit<ApiNode, "parameters"> {
  readonly parameters: Parameters;
}

export interface Flow extends Omit<ApiFlow, "nodes"> {
  readonly nodes: Readonly<Record<string, FlowNode>>;
}

export type Wires = Flow["wires"];

export interface NodeType extends Omit<ApiNodeType, "parameters"> {
  readonly parameters: ParameterSchema;
}

/** Where the call ends, as the target of a wire. */
export const END = "";

/** A wire, by the node and the exit it comes from: `menu:1`. Ids of nodes have no colon. */
export type WireKey = string;

export const wireKey = (node: string, exit: string): WireKey => `${node}:${exit}`;

export function readWireKey(key: WireKey): { readonly node: string; readonly exit: string } {
  const colon = key.indexOf(":");
  return { node: key.slice(0, colon), exit: key.slice(colon + 1) };
}

/** What stands in `record` itself: "constructor" may be the id of a node. */
export function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
