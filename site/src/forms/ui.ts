/** Which widget and which frame a field gets, from its schema alone. Pure. */
import { typeOf } from "./prepare.ts";
import type { JsonSchema } from "./json.ts";

/** How a field stands on the page: label above, label beside a switch, a titled group, an item of a list, or bare. */
export type Frame = "field" | "switch" | "group" | "item" | "none";

export interface FieldUi {
  readonly "ui:widget"?: string;
  readonly "ui:field"?: string;
  readonly "ui:readonly"?: boolean;
  readonly "ui:fieldReplacesAnyOrOneOf"?: boolean;
  readonly "ui:options": { readonly frame: Frame; readonly [name: string]: unknown };
  readonly [name: string]: unknown;
}

export function uiOf(schema: JsonSchema, frame?: Frame): FieldUi {
  const type = typeOf(schema);
  if (schema.oneOf !== undefined) {
    return { ...custom("union"), "ui:fieldReplacesAnyOrOneOf": true };
  }
  if (schema["x-nullable"] === true && (type === "object" || type === "array")) return custom("optional");
  if (type === "object") return objectUi(schema, frame ?? "group");
  if (type === "array") return arrayUi(schema);
  if (type === "boolean") return { "ui:widget": "switch", "ui:options": { frame: "switch" } };
  return { "ui:widget": widgetOf(schema, type), "ui:options": { frame: frame ?? "field" } };
}

/** The inside of an optional object or list, once it is there. */
export function withoutNull(schema: JsonSchema): JsonSchema {
  return { ...schema, "x-nullable": false, type: typeOf(schema) };
}

function objectUi(schema: JsonSchema, frame: Frame): FieldUi {
  const inner = Object.entries(schema.properties ?? {}).map(([name, each]) => [name, uiOf(each)] as const);
  return { "ui:options": { frame }, ...Object.fromEntries(inner) };
}

function arrayUi(schema: JsonSchema): FieldUi {
  const items = schema.items ?? {};
  if (items["x-ref"] !== undefined) return custom("references");
  if (items.enum !== undefined) return custom(/\border\b/.test(schema["x-note"] ?? "") ? "orderedChoices" : "choices");
  const names = Object.keys(items.properties ?? {});
  if (has(names, "days", "start", "end")) return custom("weekly");
  if (items["x-struct"] === "MenuChoice" || (has(names, "keys", "name") && names.length === 2)) return custom("digitPad");
  if (names.some((each) => items.properties?.[each]?.["x-ref"] !== undefined && items.required?.includes(each) === true)) return custom("referenceRows");
  const inner = typeOf(items) === "object" ? uiOf(items, "none") : uiOf(items, "item");
  return { "ui:options": { frame: "group" }, items: inner };
}

function has(names: readonly string[], ...wanted: readonly string[]): boolean {
  return wanted.every((each) => names.includes(each));
}

function custom(field: string): FieldUi {
  return { "ui:field": field, "ui:options": { frame: "group" } };
}

function widgetOf(schema: JsonSchema, type: string): string {
  if (schema["x-ref"] !== undefined) return "reference";
  if (schema.enum !== undefined) return "choice";
  if (type === "integer" || type === "number") return "number";
  const asked = schema["x-widget"] === "week" ? undefined : schema["x-widget"];
  if (asked !== undefined) return asked;
  if (schema["x-struct"] === "Time zone") return "timeZone";
  const pattern = schema.pattern ?? "";
  if (pattern.startsWith("^(?:[01][0-9]|2[0-3]):[0-5][0-9]$")) return "time";
  if (pattern.startsWith("^[A-Z]{2}$") || pattern.startsWith("^(?:[A-Z]{2}|001)$")) return "country";
  if (pattern.startsWith("^\\+[1-9]")) return "phoneNumber";
  return (schema.maxLength ?? 0) > 400 ? "textarea" : "line";
}
