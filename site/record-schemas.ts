/**
 * A Vite plugin: `virtual:record-schemas` holds the JSON Schema of everything that a form can write, with
 * what those refer to, and nothing else of the node's API description, which is ten times larger.
 */
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const ID = "virtual:record-schemas";
const SOURCE = new URL("./schema/openapi.json", import.meta.url).pathname;
const KINDS = new URL("./schema/kinds.json", import.meta.url).pathname;

export type Schemas = Readonly<Record<string, unknown>>;

export function recordSchemas(): Plugin {
  return {
    name: "record-schemas",
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return undefined;
      this.addWatchFile(SOURCE);
      const document = JSON.parse(readFileSync(SOURCE, "utf8")) as { components: { schemas: Schemas } };
      return `export default ${JSON.stringify(writable(document.components.schemas))};`;
    },
  };
}

/** The writable records and all they refer to. Flows are no forms. */
export function writable(schemas: Schemas): Schemas {
  const kinds = JSON.parse(readFileSync(KINDS, "utf8")) as readonly { readonly write: string }[];
  const records = new Set(kinds.map((kind) => kind.write));
  const wanted = Object.keys(schemas).filter((name) => name !== "Flow" && (records.has(name) || /Write$|Settings$|^Receptionist$/.test(name)));
  const kept = new Map<string, unknown>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (kept.has(name) || !(name in schemas)) continue;
    kept.set(name, schemas[name]);
    const references = JSON.stringify(schemas[name]).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
    wanted.push(...[...references].map((match) => match[1] ?? ""));
  }
  return Object.fromEntries(kept);
}
