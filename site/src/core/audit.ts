/** What a change changed, field by field. Pure. */

/** A record before and after; null where there was none. */
export interface Change {
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface FieldChange {
  /** Path of the field: "forward.busy". */
  readonly field: string;
  /** As people read it; undefined: it was not there. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** The fields that differ, in the order of the record; nested ones by their path, lists as a whole. */
export function changesOf(entry: Change): FieldChange[] {
  const before = leaves(entry.before ?? {}, "");
  const after = leaves(entry.after ?? {}, "");
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((field) => ({ field, before: before.get(field), after: after.get(field) }))
    .filter((change) => change.before !== change.after);
}

function leaves(value: Readonly<Record<string, unknown>>, path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [name, each] of Object.entries(value)) {
    const here = path === "" ? name : `${path}.${name}`;
    if (typeof each === "object" && each !== null && !Array.isArray(each)) {
      for (const [field, text] of leaves(each as Readonly<Record<string, unknown>>, here)) found.set(field, text);
    } else found.set(here, plain(each));
  }
  return found;
}

function plain(value: unknown): string {
  if (value === null || value === "") return "—";
  if (value === true) return "✓";
  if (value === false) return "✗";
  if (Array.isArray(value) && value.every((each) => typeof each !== "object")) return value.map(String).join(", ") || "—";
  return typeof value === "string" ? value : JSON.stringify(value);
}
