/** Two people changed the same record: what differs, who changed it, and the record that both agree on. Pure. */
import { same, type Data } from "../forms/json.ts";

export type Whose = "mine" | "theirs";

export interface Difference {
  readonly field: string;
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
  readonly changedBy: Whose | "both";
}

/** The fields in which `mine` and `theirs` differ, `base` being what I began with. Secrets nobody can read are mine. */
export function differences(fields: readonly string[], base: Data, mine: Data, theirs: Data): readonly Difference[] {
  return fields.flatMap((field) => {
    const readable = field in theirs;
    if (!readable ? mine[field] === undefined || mine[field] === null : same(mine[field], theirs[field])) return [];
    const byMe = !same(mine[field], base[field]);
    const byThem = readable && !same(theirs[field], base[field]);
    const changedBy = byMe && byThem ? "both" : byThem ? "theirs" : "mine";
    return [{ field, base: base[field], mine: mine[field], theirs: theirs[field], changedBy }];
  });
}

/** What each field begins with: whoever changed it; where both did, mine, since I am asked. */
export function suggestion(found: readonly Difference[]): Readonly<Record<string, Whose>> {
  return Object.fromEntries(found.map((each) => [each.field, each.changedBy === "theirs" ? "theirs" : "mine"]));
}

/** The record with each field as chosen; what does not differ is as it is. */
export function resolved(mine: Data, theirs: Data, chosen: Readonly<Record<string, Whose>>): Data {
  return Object.fromEntries(
    Object.entries(mine).map(([field, value]) => [field, chosen[field] === "theirs" ? theirs[field] : value]),
  );
}
