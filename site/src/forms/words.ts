/** Labels, help and values of the schemas in the language of the page. Pure. */
import type { Text } from "../text/text.ts";
import type { Translate } from "./prepare.ts";

/** Words that come with a page of their own: those pages are few, and the first page does without. */
const more = { schema: new Map<string, string>(), values: new Map<string, string>() };

export function addFormWords(words: { readonly schema: Readonly<Record<string, string>>; readonly values: Readonly<Record<string, string>> }): void {
  for (const part of ["schema", "values"] as const) {
    for (const [key, value] of Object.entries(words[part])) more[part].set(key, value);
  }
}

/** The schemas are written in English; another language has its words by the English ones. */
export function translator(t: Text): Translate {
  return (text) => t.records.schema[text] ?? more.schema.get(text) ?? text;
}

/** A value of an enumeration: by field and value, by value, else as it is written. */
export function valueWords(field: string, value: string, t: Text): string {
  const words = t.records.values;
  const own = `${field}.${value}`;
  return words[own] ?? more.values.get(own) ?? words[value] ?? more.values.get(value) ?? readable(value);
}

function readable(value: string): string {
  return value.replaceAll("_", " ").replace(/^[a-z]/, (first) => first.toUpperCase());
}
