/** The rules that documents are checked by: the node's schemas, as they were when this site was built. */
import schemas from "virtual:record-schemas";
import nodes from "../../../schema/nodes.json";
import { t } from "../../text/index.ts";
import type { Schema, Schemas } from "./schema.ts";
import type { Rules } from "./source.ts";

const NODES = nodes.nodes as readonly { readonly type: string; readonly parameters: Schema }[];

export const RULES: Rules = {
  schemas: schemas as Schemas,
  nodes: Object.fromEntries(NODES.map((each) => [each.type, each.parameters])),
  words: t.documents.faults,
};
