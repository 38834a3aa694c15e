/** The types of nodes as the site was built with them. */
import type { NodeType } from "./types.ts";

export interface Catalogue {
  readonly groups: readonly { readonly id: string; readonly title: string; readonly types: readonly NodeType[] }[];
  readonly types: ReadonlyMap<string, NodeType>;
}

interface CatalogueFile {
  readonly groups: Readonly<Record<string, string>>;
  readonly nodes: readonly unknown[];
}

/** `schema/nodes.json`, which `pbx schema` writes: its shape is known. */
export function catalogue(file: CatalogueFile): Catalogue {
  const nodes = file.nodes as readonly NodeType[];
  return {
    groups: Object.entries(file.groups).map(([id, title]) => ({ id, title, types: nodes.filter((each) => each.group === id) })),
    types: new Map(nodes.map((each) => [each.type, each])),
  };
}

/** What a new node of this type begins with: what has to be there, as empty as it can be. */
export function newParameters(type: NodeType): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const name of type.parameters.required ?? []) {
    const property = type.parameters.properties?.[name];
    if (property?.default !== undefined) found[name] = property.default;
    else if (property?.type === "array") found[name] = [];
    else if (property?.type === "number" || property?.type === "integer") found[name] = firstNumber(property.examples) ?? property.minimum ?? 0;
  }
  return found;
}

function firstNumber(examples: readonly unknown[] | undefined): number | undefined {
  return examples?.find((each): each is number => typeof each === "number");
}
