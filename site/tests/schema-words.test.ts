/** Every label and help of a form is there in German too: of records, settings and the nodes of a call flow. */
import { expect, test } from "vitest";
import { writable } from "../record-schemas.ts";
import openapi from "../schema/openapi.json";
import kinds from "../schema/kinds.json";
import nodes from "../schema/nodes.json";
import { records } from "../src/text/de/records.ts";

interface Found {
  readonly words: Set<string>;
  readonly values: Set<string>;
}

/** Names of structures are never shown, only those of fields. */
function look(schema: unknown, field: string, found: Found, own = true): void {
  if (typeof schema !== "object" || schema === null) return;
  if (Array.isArray(schema)) {
    for (const each of schema) look(each, field, found);
    return;
  }
  for (const [key, value] of Object.entries(schema)) {
    if ((key === "title" || key === "description") && typeof value === "string" && own) found.words.add(value);
    else if (key === "enum" && Array.isArray(value)) for (const each of value) if (typeof each === "string" && /[a-z]{2}/.test(each)) found.values.add(`${field}.${each}`);
    if (key === "properties") for (const [name, each] of Object.entries(value as object)) look(each, name, found);
    else if (key === "$defs") for (const each of Object.values(value as object)) look(each, "", found, false);
    else if (["items", "anyOf"].includes(key)) look(value, field, found);
  }
}

test("forms speak German", () => {
  const found: Found = { words: new Set(), values: new Set() };
  // Forms of records and of the settings; other pages have words of their own.
  const drawn = new Set([...kinds.filter(({ name }) => name !== "flow").map(({ write }) => write), "OfficeSettings", "RecordingSettings", "MailSettings", "SupervisionSettings", "AiSettings"]);
  for (const [name, schema] of Object.entries(writable(openapi.components.schemas))) if (drawn.has(name)) look(schema, "", found, false);
  for (const { parameters } of nodes.nodes) look(parameters, "", found, false);
  expect(found.words.size).toBeGreaterThan(200);
  expect([...found.words].filter((each) => !Object.hasOwn(records.schema, each))).toEqual([]);
  expect([...found.values].filter((each) => !Object.hasOwn(records.values, each) && !Object.hasOwn(records.values, each.split(".")[1] ?? ""))).toEqual([]);
});
