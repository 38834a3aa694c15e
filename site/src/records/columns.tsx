/** What the list of each kind shows. */
import type { ReactNode } from "react";
import { isObject, type Data } from "../forms/json.ts";
import { valueWords } from "../forms/words.ts";
import type { Kind } from "../office/kinds.ts";
import { t } from "../text/index.ts";
import { StatusMark } from "../ui/StatusMark.tsx";
import type { Cell } from "./arrange.ts";
import { textOf } from "./references.ts";

export interface Column {
  readonly name: string;
  readonly title: string;
  readonly cell: (record: Data) => Cell;
  readonly draw?: (record: Data, names: Names) => ReactNode;
  /** From which width on it is shown. */
  readonly from?: "md" | "lg";
  readonly narrow?: boolean;
}

/** The name of what has a number, as far as it is known. */
export type Names = (kind: string, key: string) => string;

const field = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  title: t.records.columns[name] ?? name,
  cell: (record) => cellOf(record[name]),
  from: "md",
  ...more,
});

function cellOf(value: unknown): Cell {
  return typeof value === "number" || typeof value === "boolean" ? value : textOf(value);
}

const words = (name: string): Column => field(name, { draw: (record) => valueWords(name, textOf(record[name]), t) });

const list = (name: string, kind: string, keyIn = ""): Column =>
  field(name, {
    cell: (record) => countOf(record[name]),
    draw: (record, names) => {
      const keys = (Array.isArray(record[name]) ? record[name] : []).map((each: unknown) => textOf(isObject(each) ? each[keyIn] : each));
      if (keys.length === 0) return <span className="text-faint">–</span>;
      const shown = keys.slice(0, 3).map((key) => names(kind, key));
      return keys.length > 3 ? t.records.list.andMore(shown.join(", "), keys.length - 3) : shown.join(", ");
    },
  });

function countOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

const lines = (name: string): Column =>
  field(name, {
    cell: (record) => (Array.isArray(record[name]) ? record[name].join(", ") : ""),
    draw: (record) => (Array.isArray(record[name]) ? record[name].slice(0, 4).join(", ") : ""),
  });

const destination = (name: string): Column =>
  field(name, {
    draw: (record, names) => {
      const key = textOf(record[name]);
      return key === "" ? <span className="text-faint">–</span> : names("", key);
    },
  });

const one = (name: string, kind: string): Column =>
  field(name, { draw: (record, names) => (textOf(record[name]) === "" ? <span className="text-faint">–</span> : names(kind, textOf(record[name]))) });

const onOff = (name: string): Column =>
  field(name, { narrow: true, draw: (record) => (record[name] === true ? <StatusMark tone="good">{t.records.list.on}</StatusMark> : <StatusMark tone="plain">{t.records.list.off}</StatusMark>) });

const number = field("number", { from: "md", narrow: true });
const name = field("name");

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  ring_group: [number, name, list("members", "extension"), words("strategy"), { ...destination("overflow"), from: "lg" }],
  paging_group: [number, name, list("members", "extension")],
  queue: [number, name, list("agents", "extension", "extension"), words("strategy"), { ...destination("overflow"), from: "lg" }],
  mailbox: [number, name, lines("emails"), words("greeting"), onOff("enabled")],
  conference: [number, name, list("moderators", "extension"), field("max_members", { narrow: true })],
  inbound_number: [field("number"), name, destination("destination"), { ...one("trunk", "trunk"), from: "lg" }],
  outbound_route: [name, lines("patterns"), list("trunks", "trunk"), onOff("enabled")],
  feature_code: [field("code", { narrow: true }), { ...words("feature"), cell: (record) => valueWords("feature", textOf(record["feature"]), t) }, field("argument", { from: "lg" }), onOff("enabled")],
  speed_dial: [field("code", { narrow: true }), name, destination("destination"), one("extension", "extension")],
  office_flag: [name, field("id"), onOff("on")],
  limit: [name, words("counts"), onOff("enabled")],
  caller_rule: [name, words("action"), lines("numbers"), onOff("enabled")],
  notice_target: [name, field("address"), onOff("enabled")],
  trunk: [name, words("kind"), field("host"), field("outside_number", { from: "lg" })],
  prompt: [name, field("text")],
  extension: [number, name],
};

/** The state of a record as its page knows it, for the list. */
export function stateColumn(draw: (record: Data) => ReactNode, cell: (record: Data) => Cell): Column {
  return { name: "state", title: t.records.trunks.state, cell, draw, from: "md", narrow: true };
}

export function columnsOf(kind: Kind): readonly Column[] {
  return COLUMNS[kind.name] ?? [field(kind.key), name];
}

/** The column that opens the record, and stands first on narrow screens. */
export function leading(kind: Kind, columns: readonly Column[]): Column | undefined {
  return columns.find((each) => each.name === (kind.name === "feature_code" ? "feature" : "name")) ?? columns[0];
}
