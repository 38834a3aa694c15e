/** Labels, help and values of the schemas in the language of the page. Pure. */
import type { Text } from "../text/text.ts";
import type { Translate } from "./prepare.ts";

/** The schemas are written in English; another language has its words by the English ones. */
export function translator(t: Text): Translate {
  return (text) => t.records.schema[text] ?? text;
}

/** A value of an enumeration: by field and value, by value, else as it is written. */
export function valueWords(field: string, value: string, t: Text): string {
  const words = t.records.values;
  return words[`${field}.${value}`] ?? words[value] ?? readable(value);
}

function readable(value: string): string {
  return value.replaceAll("_", " ").replace(/^[a-z]/, (first) => first.toUpperCase());
}
