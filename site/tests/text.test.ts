/** Both languages say everything. That they have the same keys is the compiler's business. */
import { expect, test } from "vitest";
import { admin as deAdmin } from "../src/text/de/admin.ts";
import { base as deBase } from "../src/text/de/base.ts";
import { admin } from "../src/text/en/admin.ts";
import { base } from "../src/text/en/base.ts";

/** The same in both: names, and words that German took over. */
const SAME = new Set(
  ["Bellwire", "Browser", "System", "Webhooks", "Name", "Status", "Port", "Server", "Transport", "Version", "SIP", "Code", "Berlin", "Online", "Token", "Tokens", "Extension", "Text", "Format", "Name:", "Edge"],
);

function untranslated(one: unknown, other: unknown, path: string): string[] {
  if (typeof one === "string") return one === other && /[a-z]{4}/i.test(one) && !SAME.has(one) ? [path] : [];
  if (typeof one !== "object" || one === null) return [];
  return Object.entries(one).flatMap(([key, value]) =>
    untranslated(value, (other as Record<string, unknown>)[key], path === "" ? key : `${path}.${key}`),
  );
}

test("no English is left in German", () => {
  expect(untranslated({ base, admin }, { base: deBase, admin: deAdmin }, "")).toEqual([]);
});
