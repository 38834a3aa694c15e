/** What a node does, in one line: read from its parameters and their schema, without knowing its type. */
import { isObject } from "./same.ts";
import type { ParameterSchema } from "./schema.ts";
import type { FlowNode, NodeType } from "./types.ts";
import { resolved } from "./validate.ts";

export interface SummaryWords {
  /** The words for a text of the schema, in the language of the page. */
  readonly schema: (english: string) => string;
  readonly choose: (title: string) => string;
  readonly days: Readonly<Record<string, string>>;
  readonly units: Readonly<Record<string, string>>;
}

/** The name of a record of the office; undefined where it is not known. */
export type NameOf = (kind: string, key: string) => string | undefined;

/** What the editor calls a node: its own name, that of whom it reaches, or that of its type. */
export function titleOf(node: FlowNode, type: NodeType | undefined, words: SummaryWords): string {
  if (node.name !== "") return node.name;
  return type === undefined ? node.type : words.schema(type.title);
}

export function summaryOf(node: FlowNode, type: NodeType | undefined, words: SummaryWords, nameOf: NameOf): string {
  if (type === undefined) return "";
  const definitions = type.parameters.$defs ?? {};
  const members = Object.entries(type.parameters.properties ?? {}).map(([name, schema]) => ({
    name,
    schema: resolved(schema, definitions),
    value: node.parameters[name],
    needed: type.parameters.required?.includes(name) === true,
  }));
  for (const { schema, value, needed } of members) {
    const kind = referenceOf(schema);
    if (kind === undefined) continue;
    if (typeof value === "string" && value !== "") {
      const name = nameOf(kind, value);
      return name === undefined || name === value ? value : `${value} ${name}`;
    }
    if (needed) return words.choose(words.schema(schema.title ?? kind));
  }
  for (const { schema, value, needed } of members) {
    const text = spoken(value) ?? (isText(schema, needed) && typeof value === "string" && value !== "" ? oneLine(value) : undefined) ?? hours(value, words);
    if (text !== undefined) return text;
  }
  for (const { schema, value } of members) {
    if (typeof value === "number" && schema["x-unit"] !== undefined && type.parameters.required?.length === 1) {
      return `${value} ${words.units[schema["x-unit"]] ?? schema["x-unit"]}`;
    }
  }
  const list = members.flatMap(({ value }) => (Array.isArray(value) ? [names(value)] : [])).find((each) => each !== "");
  return list ?? words.schema(firstSentence(type.description));
}

/** The kind of record that a parameter names. */
export function referenceOf(schema: ParameterSchema): string | undefined {
  return schema["x-ref"] ?? schema.anyOf?.find((each) => each["x-ref"] !== undefined)?.["x-ref"];
}

function isText(schema: ParameterSchema, needed: boolean): boolean {
  return schema.type === "string" && (needed || ["template", "textarea", "destination"].includes(schema["x-widget"] ?? ""));
}

/** What is said: the text, or the key of the prompt. */
function spoken(value: unknown): string | undefined {
  if (!isObject(value) || !("text" in value || "prompt" in value)) return undefined;
  if (typeof value["prompt"] === "string" && value["prompt"] !== "") return value["prompt"];
  return typeof value["text"] === "string" && value["text"] !== "" ? `“${oneLine(value["text"])}”` : undefined;
}

/** The hours of the first rule that has any: "Mon–Fri 09:00–17:00". */
function hours(value: unknown, words: SummaryWords): string | undefined {
  if (!Array.isArray(value)) return undefined;
  for (const rule of value.filter(isObject)) {
    const first: unknown = Array.isArray(rule["hours"]) ? rule["hours"][0] : undefined;
    if (isObject(first) && Array.isArray(first["days"])) {
      return `${dayWords(first["days"], words)} ${shown(first["start"])}–${shown(first["end"])}`;
    }
  }
  return undefined;
}

const WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

function dayWords(days: readonly unknown[], words: SummaryWords): string {
  const chosen = WEEK.filter((day) => days.includes(day));
  const [first = "", last = ""] = [chosen[0], chosen.at(-1)];
  const inRow = WEEK.indexOf(last) - WEEK.indexOf(first) === chosen.length - 1;
  const word = (day: string) => words.days[day] ?? day;
  return inRow && chosen.length > 2 ? `${word(first)}–${word(last)}` : chosen.map(word).join(", ");
}

function names(list: readonly unknown[]): string {
  return list
    .map((each) => (isObject(each) ? shown(each["name"]) || shown(each["value"]) || shown(each["exit"]) : shown(each)))
    .filter((each) => each !== "")
    .join(", ");
}

const shown = (value: unknown) => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const oneLine = (text: string) => text.replace(/\s+/g, " ").trim().slice(0, 200);

export function firstSentence(description: string): string {
  return (description.split("\n\n")[0] ?? "").replace(/\s+/g, " ").split(/(?<=[.:]) (?=[A-Z])/)[0]?.replace(/[.:]$/, "") ?? "";
}
