/**
 * Says what is wrong with the parameters of a node by its type's schema. The policy of the site forbids compiling schemas
 * in the browser, and this part of JSON Schema is small: it is walked. The tests hold it against Ajv.
 */
import type { ParameterSchema } from "./schema.ts";
import { isObject, sameJson } from "./same.ts";

export type SchemaProblem =
  | { readonly why: "missing" | "unknown" | "type" | "choice" | "pattern" }
  | { readonly why: "short" | "long" | "low" | "high" | "few" | "many"; readonly limit: number };

export interface SchemaFault {
  /** As the node writes it: `rules[0].exit`. */
  readonly path: string;
  readonly problem: SchemaProblem;
  readonly schema: ParameterSchema;
}

export function schemaFaults(schema: ParameterSchema, value: unknown): SchemaFault[] {
  return [...faultsOf(schema, value, "", schema.$defs ?? {})];
}

type Definitions = Readonly<Record<string, ParameterSchema>>;

/** Follows a `$ref`; keywords beside it win. */
export function resolved(schema: ParameterSchema, definitions: Definitions): ParameterSchema {
  if (schema.$ref === undefined) return schema;
  const { $ref, ...beside } = schema;
  const target = definitions[$ref.split("/").at(-1) ?? ""];
  return target === undefined ? beside : { ...resolved(target, definitions), ...beside };
}

function* faultsOf(unresolved: ParameterSchema, value: unknown, path: string, definitions: Definitions): Generator<SchemaFault> {
  const schema = resolved(unresolved, definitions);
  const fault = (problem: SchemaProblem, where = path, about = schema): SchemaFault => ({ path: where, problem, schema: about });
  if (schema.anyOf !== undefined) {
    yield* choiceFaults(schema, schema.anyOf, value, path, definitions);
    return;
  }
  if (schema.const !== undefined && !sameJson(schema.const, value)) yield fault({ why: "choice" });
  if (schema.enum !== undefined && !schema.enum.some((each) => sameJson(each, value))) yield fault({ why: "choice" });
  if (schema.type !== undefined && !isOfType(schema.type, value)) {
    yield fault({ why: "type" });
    return;
  }
  if (typeof value === "string") yield* textProblems(schema, value).map((problem) => fault(problem));
  if (typeof value === "number") {
    if (schema.minimum !== undefined && value < schema.minimum) yield fault({ why: "low", limit: schema.minimum });
    if (schema.maximum !== undefined && value > schema.maximum) yield fault({ why: "high", limit: schema.maximum });
  }
  if (Array.isArray(value)) {
    if (schema.minItems !== undefined && value.length < schema.minItems) yield fault({ why: "few", limit: schema.minItems });
    if (schema.maxItems !== undefined && value.length > schema.maxItems) yield fault({ why: "many", limit: schema.maxItems });
    if (schema.items !== undefined) {
      for (const [index, each] of value.entries()) yield* faultsOf(schema.items, each, `${path}[${index}]`, definitions);
    }
  }
  if (isObject(value)) yield* memberFaults(schema, value, path, definitions);
}

function* memberFaults(schema: ParameterSchema, value: Readonly<Record<string, unknown>>, path: string, definitions: Definitions): Generator<SchemaFault> {
  const properties = schema.properties ?? {};
  const below = (name: string) => (path === "" ? name : `${path}.${name}`);
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) yield { path: below(name), problem: { why: "missing" }, schema: properties[name] ?? {} };
  }
  for (const [name, each] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) yield* faultsOf(property, each, below(name), definitions);
    else if (schema.additionalProperties === false) yield { path: below(name), problem: { why: "unknown" }, schema };
    else if (typeof schema.additionalProperties === "object") yield* faultsOf(schema.additionalProperties, each, below(name), definitions);
  }
}

/** The faults of the choice that fits best: "X or null" is about X for anything but null. */
function* choiceFaults(schema: ParameterSchema, choices: readonly ParameterSchema[], value: unknown, path: string, definitions: Definitions): Generator<SchemaFault> {
  const each = choices.map((choice) => [...faultsOf(choice, value, path, definitions)]);
  if (each.some((faults) => faults.length === 0)) return;
  const real = each.filter((_, index) => choices[index]?.type !== "null");
  if (real.length === 1 && real[0] !== undefined) yield* real[0];
  else yield { path, problem: { why: "choice" }, schema };
}

function textProblems(schema: ParameterSchema, value: string): SchemaProblem[] {
  const length = Array.from(value).length;
  const problems: SchemaProblem[] = [];
  if (schema.minLength !== undefined && length < schema.minLength) problems.push(length === 0 ? { why: "missing" } : { why: "short", limit: schema.minLength });
  if (schema.maxLength !== undefined && length > schema.maxLength) problems.push({ why: "long", limit: schema.maxLength });
  if (schema.pattern !== undefined && problems.length === 0 && !pattern(schema.pattern).test(value)) problems.push({ why: value === "" ? "missing" : "pattern" });
  return problems;
}

const PATTERNS = new Map<string, RegExp>();

function pattern(source: string): RegExp {
  const known = PATTERNS.get(source) ?? new RegExp(source, "u");
  PATTERNS.set(source, known);
  return known;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case "object":
      return isObject(value);
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "null":
      return value === null;
    default:
      return typeof value === type;
  }
}
