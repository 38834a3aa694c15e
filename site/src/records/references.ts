/**
 * Which records name which others, read from the records themselves by the hints of their schemas: `x-ref` names a
 * kind, a destination is whatever has that number. Pure.
 */
import { isObject, type Data, type JsonSchema, type Schemas } from "../forms/json.ts";
import { flattened } from "../forms/prepare.ts";
import type { Kind } from "../office/kinds.ts";

export interface Reference {
  /** Of what is named; "" where the number decides. */
  readonly kind: string;
  readonly key: string;
  readonly path: string;
}

/** All references of `value`, which follows `schema`. */
export function references(schema: JsonSchema, schemas: Schemas, value: unknown, path = "$"): readonly Reference[] {
  if (value === null || value === undefined) return [];
  const flat = flattened(schema, { ...schemas, ...schema.$defs });
  const inner = { ...schemas, ...schema.$defs };
  if (typeof value === "string") {
    if (value === "") return [];
    if (flat["x-ref"] !== undefined) return [{ kind: flat["x-ref"], key: value, path }];
    return flat["x-widget"] === "destination" ? [{ kind: "", key: value, path }] : [];
  }
  if (Array.isArray(value)) {
    const { items = {} } = flat;
    return value.flatMap((each, index) => references(items, inner, each, `${path}[${index}]`));
  }
  if (!isObject(value)) return [];
  const { properties = {}, oneOf = [] } = flat;
  const own = Object.entries(properties).flatMap(([name, each]) => references(each, inner, value[name], `${path}.${name}`));
  return [...own, ...oneOf.flatMap((each) => references(each, inner, value, path))];
}

export interface User {
  readonly kind: Kind;
  readonly key: string;
  readonly name: string;
  readonly path: string;
}

export interface NodeForm {
  readonly type: string;
  readonly parameters: JsonSchema;
}

/** Everything that names the record `key` of `kind`. */
export function usersOf(
  office: ReadonlyMap<Kind, readonly Data[]>,
  schemas: Schemas,
  nodes: readonly NodeForm[],
  kind: Kind,
  key: string,
): readonly User[] {
  const users: User[] = [];
  for (const [each, records] of office) {
    for (const record of records) {
      const named = each.name === "flow" ? ofFlow(record, nodes) : references(schemas[each.write] ?? {}, schemas, record);
      const found = named.find((one) => one.key === key && (one.kind === kind.name || (one.kind === "" && kind.numbered)));
      const own = textOf(record[each.key]);
      if (found !== undefined && !(each === kind && own === key)) {
        users.push({ kind: each, key: own, name: textOf(record["name"]), path: found.path });
      }
    }
  }
  return users;
}

function ofFlow(flow: Data, forms: readonly NodeForm[]): readonly Reference[] {
  const { nodes } = flow;
  if (!isObject(nodes)) return [];
  return Object.entries(nodes).flatMap(([id, node]) => {
    if (!isObject(node)) return [];
    const form = forms.find((each) => each.type === node["type"]);
    return form === undefined ? [] : references(form.parameters, {}, node["parameters"], `$.nodes.${id}.parameters`);
  });
}

export function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
