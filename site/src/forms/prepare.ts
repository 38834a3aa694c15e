/**
 * Makes a schema of the node ready to be drawn: references are followed, "X or null" becomes one field that may be
 * empty, alternatives that carry a tag say so, and words come in the language of the page. Pure.
 */
import type { JsonSchema, Schemas } from "./json.ts";

/** A text of the node in the language of the page; `name` is the field's own name, where it has one. */
export type Translate = (text: string, name: string) => string;

export function prepare(schema: JsonSchema, schemas: Schemas, translate: Translate): JsonSchema {
  return drawn(schema, { ...schemas, ...schema.$defs }, translate, "");
}

function drawn(schema: JsonSchema, schemas: Schemas, translate: Translate, name: string): JsonSchema {
  const flat = flattened(schema, schemas);
  const { properties, items, oneOf, title, description, ...rest } = flat;
  return {
    ...rest,
    ...(title === undefined ? {} : { title: translate(title, name), "x-struct": title }),
    ...(description === undefined ? {} : { description: translate(firstParagraph(description), name), "x-note": description }),
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([each, inner]) => [each, labelled(drawn(inner, schemas, translate, each), each)]),
          ),
        }),
    ...(items === undefined ? {} : { items: drawn(items, schemas, translate, name) }),
    ...(oneOf === undefined ? {} : union(oneOf.map((each) => drawn(each, schemas, translate, name)))),
  };
}

/** A field without a title is called by its name. */
function labelled(schema: JsonSchema, name: string): JsonSchema {
  if (schema.title !== undefined) return schema;
  return { ...schema, title: name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase()) };
}

/** Follows `$ref`, and takes "X or null" apart. Keywords beside them win, as JSON Schema 2020-12 has it. */
export function flattened(schema: JsonSchema, schemas: Schemas): JsonSchema {
  if (schema.$ref !== undefined) {
    const { $ref, ...beside } = schema;
    return { ...flattened(schemas[$ref.split("/").at(-1) ?? ""] ?? {}, schemas), ...beside };
  }
  if (schema.anyOf !== undefined) {
    const { anyOf, ...beside } = schema;
    const some = anyOf.filter((each) => each.type !== "null");
    const nullable = some.length < anyOf.length;
    const [only, second] = some;
    const inner = second === undefined ? flattened(only ?? {}, schemas) : { oneOf: some };
    return { ...inner, ...beside, ...(nullable ? { "x-nullable": true, type: [typeOf(inner), "null"] } : {}) };
  }
  if (Array.isArray(schema.type)) return { ...schema, "x-nullable": schema.type.includes("null") };
  return schema.type === undefined && schema.oneOf === undefined ? { ...schema, type: typeOf(schema) } : schema;
}

/** The type a value has that is not null. */
export function typeOf(schema: JsonSchema): string {
  const { type } = schema;
  if (typeof type === "string") return type;
  if (type !== undefined) return type.find((each) => each !== "null") ?? "string";
  if (schema.enum !== undefined) return typeof schema.enum[0] === "number" ? "integer" : "string";
  return schema.oneOf === undefined && schema.properties === undefined ? "string" : "object";
}

function union(options: readonly JsonSchema[]): JsonSchema {
  const names = Object.keys(options[0]?.properties ?? {});
  const tag = names.find((name) => options.every((each) => tagOf(each, name) !== undefined));
  return tag === undefined ? { oneOf: options } : { oneOf: options, "x-tag": tag };
}

/** The one value that the property `name` has in this alternative of a union. */
export function tagOf(option: JsonSchema, name: string): string | undefined {
  const property = option.properties?.[name];
  const value = property?.const ?? (property?.enum?.length === 1 ? property.enum[0] : undefined);
  return typeof value === "string" ? value : undefined;
}

/** What comes after an empty line is for the reference page. */
function firstParagraph(text: string): string {
  return text.split(/\n\s*\n/)[0]?.replaceAll(/\s*\n\s*/g, " ") ?? "";
}

/** What an empty form of this schema holds. */
export function emptyValue(schema: JsonSchema): unknown {
  if (schema.default !== undefined) return schema.default;
  if (schema["x-nullable"] === true) return null;
  if (schema.const !== undefined) return schema.const;
  if (schema.oneOf?.[0] !== undefined) return emptyValue(schema.oneOf[0]);
  if (schema.properties !== undefined) return emptyObject(schema.properties);
  return typeOf(schema) === "array" ? [] : undefined;
}

function emptyObject(properties: Schemas): Readonly<Record<string, unknown>> {
  const entries = Object.entries(properties).map(([name, each]) => [name, emptyValue(each)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
