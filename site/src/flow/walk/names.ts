/** What nodes, exits and parameters are called, wherever a walk is told in words. */
import { exitsOfNode } from "../exits.ts";
import { own, type Flow, type NodeType } from "../types.ts";

export interface Names {
  readonly node: (id: string) => string;
  readonly exit: (node: string, exit: string) => string;
  readonly parameter: (node: string, name: string) => string;
  readonly unit: (node: string, name: string) => string;
  readonly type: (kind: string) => string;
}

/** In one document; what it does not have is called by its id. */
export function namesIn(document: Flow, types: ReadonlyMap<string, NodeType>): Names {
  const typeOf = (id: string) => types.get(own(document.nodes, id)?.type ?? "");
  const property = (id: string, name: string) => typeOf(id)?.parameters.properties?.[name];
  return {
    node: (id) => {
      const node = own(document.nodes, id);
      return node === undefined ? id : node.name.trim() || (types.get(node.type)?.title ?? id);
    },
    exit: (id, exit) => {
      const node = own(document.nodes, id);
      const found = node === undefined ? undefined : exitsOfNode(types, node).find((each) => each.name === exit);
      const title = found?.title.trim() ?? "";
      return title === "" ? exit : title;
    },
    parameter: (id, name) => property(id, name)?.title ?? name,
    unit: (id, name) => property(id, name)?.["x-unit"] ?? "",
    type: (kind) => types.get(kind)?.title ?? kind,
  };
}
