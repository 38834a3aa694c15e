/** Faults of a form, found by the function that was made from its schema while the site was built. Pure. */
import { sentence } from "../core/problem.ts";
import type { Text } from "../text/text.ts";
import { at, isObject, readPath, same, type Data, type JsonSchema, type Path } from "./json.ts";

interface AjvFault {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface Validate {
  (value: unknown): boolean;
  errors?: readonly AjvFault[] | null;
}

export type Validators = Readonly<Record<string, Validate>>;

export interface Fault {
  readonly path: Path;
  readonly message: string;
}

/** What is wrong with `value`, in the words of the page; each field once. */
export function faultsIn(validate: Validate | undefined, schema: JsonSchema, value: unknown, t: Text): readonly Fault[] {
  if (validate === undefined || validate(value)) return [];
  const found = new Map<string, Fault>();
  for (const fault of validate.errors ?? []) {
    const path = pathOf(fault, value);
    const message = wordsOf(fault, schemaAt(schema, path), t);
    const key = JSON.stringify(path);
    if (message !== "" && !found.has(key)) found.set(key, { path, message });
  }
  return [...found.values()];
}

/** Numbers are places in a list only where the value has a list. */
function pathOf(fault: AjvFault, value: unknown): Path {
  const names = fault.instancePath.split("/").slice(1).map((each) => each.replaceAll("~1", "/").replaceAll("~0", "~"));
  const path: (string | number)[] = [];
  for (const name of names) path.push(Array.isArray(at(value, path)) ? Number(name) : name);
  const missing = fault.keyword === "required" ? fault.params["missingProperty"] : undefined;
  return typeof missing === "string" ? [...path, missing] : path;
}

export function schemaAt(schema: JsonSchema, path: Path): JsonSchema {
  return path.reduce<JsonSchema>(
    (inner, step) => (typeof step === "number" ? inner.items : inner.properties?.[step]) ?? {},
    schema,
  );
}

function wordsOf(fault: AjvFault, schema: JsonSchema, t: Text): string {
  const limit = Number(fault.params["limit"]);
  switch (fault.keyword) {
    case "required":
      return t.form.required;
    case "minLength":
      return limit === 1 ? t.form.required : t.form.tooShort(limit);
    case "maxLength":
      return t.form.tooLong(limit);
    case "minimum":
      return t.form.tooSmall(limit);
    case "maximum":
      return t.form.tooLarge(limit);
    case "minItems":
      return limit === 1 ? t.records.form.oneNeeded : t.records.form.moreNeeded(limit);
    case "maxItems":
      return t.records.form.tooMany(limit);
    case "type":
      return /integer|number/.test(String(fault.params["type"])) ? t.form.notANumber : t.form.required;
    case "enum":
    case "const":
      return t.records.form.choose;
    case "pattern":
      return schema.description ?? t.form.pattern;
    // "Neither this nor null": the alternative has said what is wrong.
    case "anyOf":
    case "oneOf":
      return "";
    default:
      return t.form.pattern;
  }
}

/** Faults as rjsf wants them: a tree of the fields with `__errors`. */
export function faultTree(faults: readonly Fault[]): Data {
  const tree: Record<string, unknown> = {};
  for (const { path, message } of faults) {
    let inner = tree;
    for (const step of path) {
      const next = inner[step];
      inner = isObject(next) ? (next) : (inner[step] = {});
    }
    const errors = inner["__errors"];
    inner["__errors"] = [...(Array.isArray(errors) ? (errors as string[]) : []), message];
  }
  return tree;
}

/** The node's faults by field, as far as the field still holds what the node has seen; the rest belongs to no field. */
export function nodeFaults(
  errors: readonly { readonly path: string; readonly message: string }[],
  seen: unknown,
  now: unknown,
  schema: JsonSchema,
): { readonly byField: readonly Fault[]; readonly others: readonly string[] } {
  const byField: Fault[] = [];
  const others: string[] = [];
  for (const { path: text, message } of errors) {
    const path = readPath(text);
    const [first] = path;
    if (typeof first !== "string" || schema.properties?.[first] === undefined) others.push(message);
    else if (same(at(seen, path), at(now, path))) byField.push({ path, message: sentence(message) });
  }
  return { byField, others };
}
