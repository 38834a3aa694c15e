/**
 * What the node's schemas say about a record: its faults, and which records it names (`x-ref`). Pure, and without code
 * made at run time, which the node's Content-Security-Policy forbids. Keywords are those that the node's schemas use.
 */
import type { FieldFault } from "../../core/problem.ts";
import { isRecord } from "./document.ts";

export type Schema = Readonly<Record<string, unknown>>;
export type Schemas = Readonly<Record<string, Schema>>;

/** Words for what is wrong. */
export interface FaultWords {
  readonly missing: string;
  readonly unknown: string;
  readonly type: string;
  readonly choice: string;
  readonly pattern: string;
  readonly atLeast: (limit: number) => string;
  readonly atMost: (limit: number) => string;
  readonly shortest: (limit: number) => string;
  readonly longest: (limit: number) => string;
}

export interface Named {
  readonly path: string;
  readonly kind: string;
  readonly key: string;
}

/** All faults of a value, each with its path. */
export function faultsIn(schemas: Schemas, schema: Schema, value: unknown, words: FaultWords, path = "$"): FieldFault[] {
  const faults: FieldFault[] = [];
  const wrong = (message: string, where = path) => faults.push({ path: where, message });
  const target = referred(schemas, schema);
  if (target !== undefined) faults.push(...faultsIn(schemas, target, value, words, path));
  const choices = schema["anyOf"];
  if (Array.isArray(choices)) {
    const tried = (choices as Schema[]).map((each) => faultsIn(schemas, each, value, words, path));
    if (!tried.some((each) => each.length === 0)) faults.push(...nearest(schemas, choices as Schema[], tried, value));
  }
  if (!isOfType(schema["type"], value)) {
    wrong(words.type);
    return faults;
  }
  if (Array.isArray(schema["enum"]) && !schema["enum"].includes(value)) wrong(words.choice);
  if ("const" in schema && schema["const"] !== value) wrong(words.choice);
  if (typeof value === "string") textFaults(schema, value, words, wrong);
  if (typeof value === "number") {
    const [least, most] = [schema["minimum"], schema["maximum"]];
    if (typeof least === "number" && value < least) wrong(words.atLeast(least));
    if (typeof most === "number" && value > most) wrong(words.atMost(most));
  }
  if (Array.isArray(value)) {
    const [least, most, items] = [schema["minItems"], schema["maxItems"], schema["items"]];
    if (typeof least === "number" && value.length < least) wrong(words.shortest(least));
    if (typeof most === "number" && value.length > most) wrong(words.longest(most));
    if (isRecord(items)) {
      value.forEach((each, index) => faults.push(...faultsIn(schemas, items, each, words, `${path}[${index}]`)));
    }
  }
  if (isRecord(value)) faults.push(...memberFaults(schemas, schema, value, words, path));
  return faults;
}

/** Every record that this one names. */
export function namesIn(schemas: Schemas, schema: Schema, value: unknown, path = "$"): Named[] {
  const found: Named[] = [];
  const kind = schema["x-ref"];
  if (typeof kind === "string" && typeof value === "string" && value !== "") found.push({ path, kind, key: value });
  const target = referred(schemas, schema);
  if (target !== undefined) found.push(...namesIn(schemas, target, value, path));
  for (const each of Array.isArray(schema["anyOf"]) ? (schema["anyOf"] as Schema[]) : []) {
    if (value !== null) found.push(...namesIn(schemas, each, value, path));
  }
  const { items, properties, additionalProperties } = schema;
  if (Array.isArray(value) && isRecord(items)) {
    value.forEach((each, index) => found.push(...namesIn(schemas, items, each, `${path}[${index}]`)));
  }
  if (isRecord(value)) {
    for (const [name, each] of Object.entries(value)) {
      const member = isRecord(properties) ? properties[name] : undefined;
      const inner = isRecord(member) ? member : isRecord(additionalProperties) ? additionalProperties : undefined;
      if (inner !== undefined) found.push(...namesIn(schemas, inner, each, `${path}.${name}`));
    }
  }
  return found.filter((each, index) => found.findIndex((one) => one.path === each.path && one.kind === each.kind) === index);
}

function memberFaults(schemas: Schemas, schema: Schema, value: Schema, words: FaultWords, path: string): FieldFault[] {
  const faults: FieldFault[] = [];
  const { properties, required, additionalProperties } = schema;
  const known = isRecord(properties) ? properties : {};
  for (const name of Array.isArray(required) ? (required as string[]) : []) {
    if (!(name in value)) faults.push({ path: `${path}.${name}`, message: words.missing });
  }
  for (const [name, each] of Object.entries(value)) {
    const member = known[name];
    if (isRecord(member)) faults.push(...faultsIn(schemas, member, each, words, `${path}.${name}`));
    else if (isRecord(additionalProperties)) {
      faults.push(...faultsIn(schemas, additionalProperties, each, words, `${path}.${name}`));
    } else if (additionalProperties === false) faults.push({ path: `${path}.${name}`, message: words.unknown });
  }
  return faults;
}

function textFaults(schema: Schema, value: string, words: FaultWords, wrong: (message: string) => void): void {
  const { minLength, maxLength, pattern } = schema;
  const length = Array.from(value).length;
  if (typeof minLength === "number" && length < minLength) wrong(words.shortest(minLength));
  if (typeof maxLength === "number" && length > maxLength) wrong(words.longest(maxLength));
  if (typeof pattern === "string" && !matches(pattern, value)) {
    const description = schema["description"];
    wrong(typeof description === "string" ? description : words.pattern);
  }
}

/** A pattern that the browser cannot read is left to the node. */
function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, "u").test(value);
  } catch {
    return true;
  }
}

/** Of several shapes, the faults of the one that is meant: the same type, and then the fewest. */
function nearest(schemas: Schemas, choices: readonly Schema[], tried: readonly FieldFault[][], value: unknown): FieldFault[] {
  const meant = tried.filter((_, index) => isOfType(typeOf(schemas, choices[index] ?? {}), value));
  return [...(meant.length > 0 ? meant : tried)].sort((a, b) => a.length - b.length)[0] ?? [];
}

function typeOf(schemas: Schemas, schema: Schema): unknown {
  return schema["type"] ?? referred(schemas, schema)?.["type"];
}

function referred(schemas: Schemas, schema: Schema): Schema | undefined {
  const reference = schema["$ref"];
  return typeof reference === "string" ? schemas[reference.split("/").at(-1) ?? ""] : undefined;
}

function isOfType(type: unknown, value: unknown): boolean {
  if (Array.isArray(type)) return type.some((each) => isOfType(each, value));
  switch (type) {
    case "string":
      return typeof value === "string";
    case "integer":
      return Number.isInteger(value);
    case "number":
      return typeof value === "number";
    case "boolean":
      return typeof value === "boolean";
    case "array":
      return Array.isArray(value);
    case "object":
      return isRecord(value);
    case "null":
      return value === null;
    default:
      return true;
  }
}
