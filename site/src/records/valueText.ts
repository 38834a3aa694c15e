/** Any value of a record as a short text. Pure. */
import { isObject, type JsonSchema } from "../forms/json.ts";
import { valueWords } from "../forms/words.ts";
import type { Text } from "../text/text.ts";

export function valueText(schema: JsonSchema | undefined, field: string, value: unknown, t: Text): string {
  if (value === null || value === undefined || value === "") return t.records.conflict.empty;
  if (typeof value === "boolean") return value ? t.records.list.yes : t.records.list.no;
  if (schema?.writeOnly === true) return t.records.conflict.secret;
  if (typeof value === "string") return schema?.enum === undefined ? value : valueWords(field, value, t);
  if (typeof value === "number") return `${value} ${t.records.units[schema?.["x-unit"] ?? ""] ?? ""}`.trim();
  if (Array.isArray(value)) {
    if (value.length === 0) return t.records.conflict.empty;
    return value.map((each: unknown) => valueText(schema?.items, field, each, t)).join(", ");
  }
  if (!isObject(value)) return "";
  return Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== "" && inner !== false)
    .map(([name, inner]) => {
      const property = schema?.properties?.[name];
      return `${property?.title ?? name}: ${valueText(property, name, inner, t)}`;
    })
    .join("; ");
}
