/** Schemas and validating functions, fetched when the first form is drawn. */
import { t } from "../text/index.ts";
import type { JsonSchema, Schemas } from "./json.ts";
import { prepare } from "./prepare.ts";
import type { Validate, Validators } from "./validator.ts";
import { translator } from "./words.ts";

export interface LoadedForm {
  readonly schema: JsonSchema;
  /** Undefined for a schema that was not known when the site was built: then the node alone decides. */
  readonly validate: Validate | undefined;
}

const loaded = new Map<unknown, Promise<LoadedForm>>();

/** The same promise each time, so that a component may wait for it. */
export function loadForm(write: string | undefined, schema: unknown): Promise<LoadedForm> {
  const key = write ?? schema;
  const known = loaded.get(key);
  if (known !== undefined) return known;
  const loading = write === undefined ? nodeForm(schema as JsonSchema) : recordForm(write);
  loaded.set(key, loading);
  return loading;
}

async function recordForm(write: string): Promise<LoadedForm> {
  const [{ default: schemas }, { default: validators }] = await Promise.all([
    import("virtual:record-schemas") as Promise<{ readonly default: Schemas }>,
    import("virtual:form-validators/records"),
  ]);
  const schema = schemas[write];
  if (schema === undefined) throw new Error(`there is no form ${write}`);
  const words = translator(t);
  const drawn = prepare(schema, schemas, words);
  const properties = Object.entries(drawn.properties ?? {}).map(([name, property]) => {
    const own = t.fields[`${write}.${name}`];
    const labelled = own === undefined ? property : { ...property, title: own.label, description: own.help };
    return [name, { ...labelled, examples: examplesOf(write, name, property) }] as const;
  });
  return { schema: { ...drawn, properties: Object.fromEntries(properties) }, validate: (validators as Validators)[write] };
}

/** The schema's example of a number or name is that of an extension: for a queue it would mislead. */
const OF_MANY: ReadonlySet<string> = new Set(["id", "number", "name", "code"]);

function examplesOf(write: string, name: string, { examples }: JsonSchema): readonly unknown[] {
  const own = t.records.examples[`${write}.${name}`];
  if (own !== undefined) return [own];
  return OF_MANY.has(name) || examples === undefined ? [] : examples;
}

/** A node's parameters are known by what they are: the schema itself is the name. */
async function nodeForm(schema: JsonSchema): Promise<LoadedForm> {
  const [{ default: nodes }, { default: validators }] = await Promise.all([
    import("../../schema/nodes.json"),
    import("virtual:form-validators/nodes"),
  ]);
  const text = JSON.stringify(schema);
  const found = nodes.nodes.find((each) => JSON.stringify(each.parameters) === text);
  return {
    schema: prepare(schema, schema.$defs ?? {}, translator(t)),
    validate: found === undefined ? undefined : (validators as Validators)[found.type],
  };
}
