/**
 * A Vite plugin: `virtual:form-validators/records` and `…/nodes` hold one function per form, made from its JSON Schema
 * while the site is built. The node's Content-Security-Policy forbids making code in the browser.
 */
import Ajv2020 from "ajv/dist/2020.js";
import standaloneCode from "ajv/dist/standalone/index.js";
import { readFileSync } from "node:fs";
import type { Plugin } from "vite";
import { writable, type Schemas } from "./record-schemas.ts";

const PREFIX = "virtual:form-validators/";
const SOURCES = {
  records: new URL("./schema/openapi.json", import.meta.url).pathname,
  nodes: new URL("./schema/nodes.json", import.meta.url).pathname,
} as const;
type Part = keyof typeof SOURCES;

/** What AJV's code asks of AJV when it runs. Values are JSON, so comparing their text is comparing them. */
const RUNTIME = `
const ucs2length = (text) => { let length = 0; for (const _ of text) length += 1; return length; };
const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);
`;

export function formValidators(): Plugin {
  return {
    name: "form-validators",
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const part = id.slice(PREFIX.length + 1) as Part;
      this.addWatchFile(SOURCES[part]);
      const source: unknown = JSON.parse(readFileSync(SOURCES[part], "utf8"));
      return validatorCode(part === "records" ? recordForms(source) : nodeForms(source));
    },
  };
}

function recordForms(source: unknown): Schemas {
  const schemas = writable((source as { components: { schemas: Schemas } }).components.schemas);
  const $defs = JSON.parse(JSON.stringify(schemas).replaceAll("#/components/schemas/", "#/$defs/")) as Schemas;
  return Object.fromEntries(
    Object.entries($defs).map(([name, schema]) => [name, { ...(schema as object), $defs: named($defs, schema) }]),
  );
}

/** Only what a schema needs, or each would carry all others. */
function named($defs: Schemas, schema: unknown, kept: Record<string, unknown> = {}): Schemas {
  for (const [, name = ""] of JSON.stringify(schema).matchAll(/"#\/\$defs\/(\w+)"/g)) {
    if (name in kept) continue;
    kept[name] = $defs[name];
    named($defs, $defs[name], kept);
  }
  return kept;
}

function nodeForms(source: unknown): Schemas {
  const { nodes } = source as { nodes: readonly { readonly type: string; readonly parameters: unknown }[] };
  return Object.fromEntries(nodes.map((each) => [each.type, each.parameters]));
}

/** A module whose default export is form name → validating function. */
export function validatorCode(forms: Schemas): string {
  const ajv = new Ajv2020({
    allErrors: true,
    strict: false,
    // The node looks at formats; its patterns are Python's, and not all of them are patterns under the u flag.
    validateFormats: false,
    unicodeRegExp: false,
    code: { source: true, esm: true, lines: false },
  });
  const names = Object.keys(forms);
  for (const name of names) ajv.addSchema(forms[name] as object, name);
  const code = standaloneCode(ajv, Object.fromEntries(names.map((name) => [`form_${name}`, name])))
    .replaceAll(/require\("ajv\/dist\/runtime\/(\w+)"\)\.default/g, "$1")
    .replaceAll(/export const (form_\w+) =/g, "const $1 =");
  const table = names.map((name) => `${JSON.stringify(name)}: form_${name}`).join(",");
  return `${RUNTIME}${code.replace('"use strict";', "")}\nexport default {${table}};`;
}
