/**
 * A Vite plugin: `virtual:record-schemas` holds the JSON Schema of every record that a form can write (`…Write`), with
 * what those refer to, and nothing else of the node's API description, which is ten times larger.
 */
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

const ID = "virtual:record-schemas";
const SOURCE = new URL("./schema/openapi.json", import.meta.url).pathname;

type Schemas = Readonly<Record<string, unknown>>;

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

/** The writable records and all they refer to. */
export function writable(schemas: Schemas): Schemas {
  const wanted = Object.keys(schemas).filter((name) => name.endsWith("Write"));
  const kept = new Map<string, unknown>();
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (kept.has(name) || !(name in schemas)) continue;
    kept.set(name, schemas[name]);
    const references = JSON.stringify(schemas[name]).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g);
    wanted.push(...[...references].map((match) => match[1] ?? ""));
  }
  return Object.fromEntries(kept);
}
