/** From a record to what its form edits, and from the form to what is written. Pure. */
import { emptyValue } from "./prepare.ts";
import { isObject, type Data, type JsonSchema } from "./json.ts";

/** What a form begins with: the record's own values, else those of the schema. Nothing that cannot be written. */
export function formValue(schema: JsonSchema, record?: Data): Data {
  const entries = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const value = record?.[name];
    return [name, value === undefined ? emptyValue(property) : value] as const;
  });
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** "Main trunk (Köln)" → "main-trunk-koeln": a short name made from a long one. */
export function slug(name: unknown): string {
  if (typeof name !== "string") return "";
  const plain = name.toLowerCase().replaceAll("ä", "ae").replaceAll("ö", "oe").replaceAll("ü", "ue").replaceAll("ß", "ss");
  const ascii = plain.normalize("NFD").replaceAll(/\p{Diacritic}/gu, "").replaceAll(/[^a-z0-9]+/g, "-");
  return ascii.slice(0, 40).replaceAll(/^-+|-+$/g, "");
}

/** A new record's short name follows its name until somebody writes another. */
export function followed(before: Data, now: Data): Data {
  const own = slug(before["name"]);
  const follows = before["id"] === undefined || before["id"] === "" || before["id"] === own;
  const next = slug(now["name"]);
  if (!follows || before["id"] !== now["id"]) return now;
  return { ...now, id: next === "" ? undefined : next };
}

/** What is sent: secrets that were left empty stay as they are, and nothing is undefined. */
export function written(schema: JsonSchema, value: Data): Data {
  const entries = Object.entries(value).filter(([name, each]) => {
    const secret = schema.properties?.[name]?.writeOnly === true;
    return each !== undefined && !(secret && each === null);
  });
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutGaps(each)]));
}

function withoutGaps(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== undefined).map(withoutGaps);
  if (!isObject(value)) return typeof value === "string" ? value.trim() : value;
  const entries = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(entries.map(([name, each]) => [name, withoutGaps(each)]));
}
