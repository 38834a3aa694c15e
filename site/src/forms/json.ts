/** JSON Schema as the node writes it, and values of JSON. Pure. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type Data = Readonly<Record<string, unknown>>;

export interface JsonSchema {
  readonly $ref?: string;
  readonly $defs?: Schemas;
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Schemas;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly writeOnly?: boolean;
  readonly "x-ref"?: string;
  readonly "x-unit"?: string;
  readonly "x-widget"?: string;
  readonly "x-lines"?: number;
  /** Put in by `prepare`: null is allowed too. */
  readonly "x-nullable"?: boolean;
  /** Put in by `prepare`: the property that tells the alternatives of `oneOf` apart. */
  readonly "x-tag"?: string;
  /** Put in by `prepare`: what the struct is called, where `title` is the label of the field. */
  readonly "x-struct"?: string;
  /** Put in by `prepare`: the description as the node has it, whose words tell whether an order means something. */
  readonly "x-note"?: string;
}

export type Schemas = Readonly<Record<string, JsonSchema>>;

export function isObject(value: unknown): value is Data {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Equal as JSON. A property that is undefined is one that is not there. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => same(each, b[index]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((name) => same(a[name], b[name]));
}

export type Path = readonly (string | number)[];

export function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return (inner as readonly unknown[])[Number(step)];
    return isObject(inner) ? inner[step] : undefined;
  }, value);
}

/** "$.agents[2].extension", as the node names fields. */
export function readPath(text: string): Path {
  const steps = text.replace(/^\$\.?/, "").matchAll(/([^.[\]]+)|\[(\d+)\]/g);
  return [...steps].map(([, name, index]) => (index === undefined ? (name ?? "") : Number(index)));
}
