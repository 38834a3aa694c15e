/**
 * What a form needs to know about a record, read from the node's own JSON Schema: fields, limits, units, widgets.
 * Validates the same rules as the node, so that faults show while typing; the node still has the last word.
 */
import type { Text } from "../text/text.ts";

export type FieldKind = "text" | "password" | "integer" | "boolean";

export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly help: string;
  readonly unit: string;
  readonly required: boolean;
  readonly nullable: boolean;
  readonly initial: FieldValue;
  readonly placeholder: string;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly pattern: RegExp | undefined;
}

/** Texts and numbers are kept as typed; they become a record when the form is sent. */
export type FieldValue = string | boolean;
export type FormValues = Readonly<Record<string, FieldValue>>;
export type FormFaults = Readonly<Record<string, string>>;

/** The part of JSON Schema 2020-12 that flat records use. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly "x-widget"?: string;
  readonly "x-unit"?: string;
}

export type Schemas = Readonly<Record<string, JsonSchema>>;

/** The fields of `record`, in the order of the schema. Nested objects are not for flat forms and are left out. */
export function fieldsOf(schemas: Schemas, record: string, t: Text): Field[] {
  const schema = schemas[record];
  if (schema?.properties === undefined) return [];
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties).flatMap(([name, property]) => {
    const field = fieldOf(schemas, record, name, property, required.has(name), t);
    return field === undefined ? [] : [field];
  });
}

function fieldOf(
  schemas: Schemas,
  record: string,
  name: string,
  property: JsonSchema,
  required: boolean,
  t: Text,
): Field | undefined {
  const flat = flatten(schemas, property);
  const kind = kindOf(flat.schema);
  if (kind === undefined) return undefined;
  const words = t.fields[`${record}.${name}`];
  const unit = flat.schema["x-unit"] ?? "";
  return {
    name,
    kind,
    label: words?.label ?? flat.schema.title ?? name,
    help: words?.help ?? flat.schema.description ?? "",
    unit: t.units[unit] ?? unit,
    required,
    nullable: flat.nullable,
    initial: initialOf(kind, flat.schema.default),
    placeholder: scalarText(flat.schema.examples?.[0]),
    minLength: flat.schema.minLength,
    maxLength: flat.schema.maxLength,
    minimum: flat.schema.minimum,
    maximum: flat.schema.maximum,
    pattern: flat.schema.pattern === undefined ? undefined : browserPattern(flat.schema.pattern),
  };
}

/** Follows `$ref` and takes "X or null" apart; keywords beside a `$ref` win, as JSON Schema 2020-12 has it. */
function flatten(schemas: Schemas, schema: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  if (schema.$ref !== undefined) {
    const { $ref, ...beside } = schema;
    const target = schemas[$ref.split("/").at(-1) ?? ""] ?? {};
    const inner = flatten(schemas, target);
    return { schema: { ...inner.schema, ...beside }, nullable: inner.nullable };
  }
  if (schema.anyOf !== undefined) {
    const { anyOf, ...beside } = schema;
    const chosen = anyOf.find((each) => each.type !== "null") ?? {};
    const inner = flatten(schemas, chosen);
    return { schema: { ...inner.schema, ...beside }, nullable: anyOf.some((each) => each.type === "null") };
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type as readonly string[];
    return {
      schema: { ...schema, type: types.find((each) => each !== "null") ?? "string" },
      nullable: types.includes("null"),
    };
  }
  return { schema, nullable: false };
}

function kindOf(schema: JsonSchema): FieldKind | undefined {
  if (schema.type === "boolean") return "boolean";
  if (schema.type === "integer") return "integer";
  if (schema.type === "string") return schema["x-widget"] === "password" ? "password" : "text";
  return undefined;
}

function initialOf(kind: FieldKind, value: unknown): FieldValue {
  if (kind === "boolean") return value === true;
  return scalarText(value);
}

function scalarText(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Python's `\Z` means what `$` means here; a pattern the browser cannot read is left to the node. */
function browserPattern(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern.replace(/\\Z$/, "$"), "u");
  } catch {
    return undefined;
  }
}

export function initialValues(fields: readonly Field[], record?: Readonly<Record<string, unknown>>): FormValues {
  return Object.fromEntries(
    fields.map((field) => {
      const value = record?.[field.name];
      if (value === undefined || value === null) return [field.name, field.initial];
      return [field.name, field.kind === "boolean" ? value === true : scalarText(value)];
    }),
  );
}

/** All faults at once, by field name. `needed` names fields this form asks for though the schema does not. */
export function faultsOf(
  fields: readonly Field[],
  values: FormValues,
  t: Text,
  needed: ReadonlySet<string> = new Set(),
): FormFaults {
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const fault = faultOf(field, values[field.name] ?? field.initial, needed.has(field.name), t);
    if (fault !== "") faults[field.name] = fault;
  }
  return faults;
}

function faultOf(field: Field, value: FieldValue, needed: boolean, t: Text): string {
  if (typeof value === "boolean") return "";
  const text = field.kind === "password" ? value : value.trim();
  if (text === "") return (field.required && !field.nullable) || needed ? t.form.required : "";
  if (field.kind === "integer") return integerFault(field, text, t);
  const length = characters(text);
  if (field.minLength !== undefined && length < field.minLength) return t.form.tooShort(field.minLength);
  if (field.maxLength !== undefined && length > field.maxLength) return t.form.tooLong(field.maxLength);
  if (field.pattern !== undefined && !field.pattern.test(text)) return field.help || t.form.pattern;
  return "";
}

function integerFault(field: Field, text: string, t: Text): string {
  if (!/^-?\d{1,15}$/.test(text)) return t.form.notANumber;
  const number = Number(text);
  if (field.minimum !== undefined && number < field.minimum) return t.form.tooSmall(field.minimum);
  if (field.maximum !== undefined && number > field.maximum) return t.form.tooLarge(field.maximum);
  return "";
}

/** The record to send. Empty optional fields are left out, so that the node keeps what it has. */
export function toRecord(fields: readonly Field[], values: FormValues): Record<string, string | number | boolean> {
  const record: Record<string, string | number | boolean> = {};
  for (const field of fields) {
    const value = values[field.name] ?? field.initial;
    if (typeof value === "boolean") record[field.name] = value;
    else if (field.kind === "password") {
      if (value !== "") record[field.name] = value;
    } else if (value.trim() !== "") {
      record[field.name] = field.kind === "integer" ? Number(value.trim()) : value.trim();
    }
  }
  return record;
}

/** Length as the node counts it: in code points, not in UTF-16 halves. */
export function characters(text: string): number {
  return Array.from(text).length;
}

export function sameValues(a: FormValues, b: FormValues): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => a[name] === b[name]);
}
