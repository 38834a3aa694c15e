/** Each difference between two states of a flow as a sentence, with what it was and what it is. */
import type { Text } from "../../text/text.ts";
import type { FlowChange } from "./difference.ts";
import type { Names } from "./names.ts";

export interface ChangeWords {
  readonly title: string;
  /** What it was and what it is; `undefined` where there was or is nothing, or nothing worth showing. */
  readonly old: string | undefined;
  readonly new: string | undefined;
}

/** `before` and `after` name what only one of the two has. */
export function changeWords(change: FlowChange, before: Names, after: Names, t: Text): ChangeWords {
  const names = change.change === "removed" ? before : after;
  switch (change.what) {
    case "node":
      return nodeWords(change, names, t);
    case "wire": {
      const target = (names: Names, node: unknown) =>
        typeof node !== "string" ? undefined : node === "" ? t.walk.change.hangsUp : names.node(node);
      const title = t.walk.change.wire[verb(change)](names.node(change.name), names.exit(change.name, change.field));
      return { title, old: target(before, change.old), new: target(after, change.new) };
    }
    case "note":
      return { title: t.walk.change.note[change.change](change.name), old: undefined, new: undefined };
    case "test":
      return { title: t.walk.change.test[verb(change)](change.name), old: undefined, new: undefined };
    case "setting": {
      const setting = t.walk.change.settings[change.name] ?? change.name;
      const value = (names: Names, value: unknown) =>
        change.name === "entry" && typeof value === "string" ? names.node(value) : valueWords(value, "", t);
      return { title: t.walk.change.setting(setting), old: value(before, change.old), new: value(after, change.new) };
    }
  }
}

function nodeWords(change: FlowChange, names: Names, t: Text): ChangeWords {
  const name = names.node(change.name);
  const nothing = { old: undefined, new: undefined };
  if (change.change === "moved") return { title: t.walk.change.node.moved(name), ...nothing };
  if (change.field === "") {
    const kind = typeOf(change.change === "removed" ? change.old : change.new);
    const title = t.walk.change.node[verb(change)](name, names.type(kind));
    return change.change === "changed"
      ? { title, old: names.type(typeOf(change.old)), new: names.type(kind) }
      : { title, ...nothing };
  }
  const field = change.field === "name" ? t.walk.change.nodeName : names.parameter(change.name, change.field);
  const unit = names.unit(change.name, change.field);
  const value = (value: unknown) => valueWords(value, unit, t) ?? t.walk.change.usual;
  const [old, now] = onlyDifferent(change.old, change.new);
  return { title: t.walk.change.field(name, field), old: value(old), new: value(now) };
}

function verb(change: FlowChange): "added" | "removed" | "changed" {
  return change.change === "moved" ? "changed" : change.change;
}

function typeOf(value: unknown): string {
  const found = typeof value === "object" && value !== null && "type" in value ? value.type : "";
  return typeof found === "string" ? found : "";
}

/** Of two lists, the elements that only one of them has; all where only their order is another. */
function onlyDifferent(old: unknown, now: unknown): readonly [unknown, unknown] {
  if (!Array.isArray(old) || !Array.isArray(now)) return [old, now];
  const without = (list: readonly unknown[], other: readonly unknown[]) => {
    const there = new Set(other.map((each) => JSON.stringify(each)));
    return list.filter((each) => !there.has(JSON.stringify(each)));
  };
  const left: readonly [unknown[], unknown[]] = [without(old, now), without(now, old)];
  return left[0].length === 0 && left[1].length === 0 ? [old, now] : left;
}

/** A value of a document in few words, a line for each element of a list. */
export function valueWords(value: unknown, unit: string, t: Text): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return value ? t.walk.change.on : t.walk.change.off;
  if (typeof value === "number") return `${value.toLocaleString(t.locale)}${unit === "" ? "" : ` ${unit}`}`;
  if (typeof value === "string") return value === "" ? t.walk.change.empty : value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string" || typeof each === "number")) {
    return value.length === 0 ? t.walk.change.empty : value.join(", ");
  }
  if (Array.isArray(value)) return value.map((each) => valueWords(each, unit, t) ?? "").join("\n");
  return Object.values(value)
    .flatMap((each) => valueWords(each, unit, t) ?? [])
    .join(" · ");
}
