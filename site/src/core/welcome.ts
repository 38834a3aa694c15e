/** The first-run wizard without a screen: its steps, the numbers it proposes, and whether a test call was heard. */
import type { LiveCall, LiveLeg } from "../schema.gen.ts";

export const STEPS = ["office", "people", "phone", "call", "done"] as const;
export type Step = (typeof STEPS)[number];

export interface Draft {
  readonly number: string;
  readonly name: string;
}

export const MOST_PEOPLE = 50;

/** `count` rows that begin at `first`, without the numbers that are taken. What was typed for a row stays. */
export function draftRows(count: number, first: string, taken: ReadonlySet<string>, typed: readonly Draft[]): Draft[] {
  const rows: Draft[] = [];
  let next = /^\d{2,9}$/.test(first) ? Number(first) : 101;
  while (rows.length < Math.min(Math.max(0, count), MOST_PEOPLE)) {
    while (taken.has(String(next))) next += 1;
    rows.push({ number: String(next), name: typed[rows.length]?.name ?? "" });
    next += 1;
  }
  return rows;
}

/** The extensions that are offered to somebody who has none: those in use that are nobody's, by number. */
export function ownChoices<E extends { readonly number: string; readonly enabled: boolean }>(
  extensions: readonly E[],
  users: readonly { readonly extension: string | null }[],
): readonly E[] {
  const theirs = new Set(users.map(({ extension }) => extension));
  return extensions
    .filter(({ number, enabled }) => enabled && !theirs.has(number))
    .sort((one, other) => one.number.localeCompare(other.number, undefined, { numeric: true }));
}

/** What is wrong with rows before anything is sent, by row: a number that another row has too. */
export function twice(rows: readonly Draft[]): ReadonlySet<number> {
  const first = new Map<string, number>();
  return new Set(
    rows.flatMap(({ number }, index) => {
      if (!first.has(number)) first.set(number, index);
      return first.get(number) === index ? [] : [index];
    }),
  );
}

export type Verdict =
  /** Nobody has answered yet. */
  | { readonly kind: "ringing" }
  /** Answered, but nothing has been heard from the phone so far. */
  | { readonly kind: "answered" }
  /** Sound came from everybody in the call. */
  | { readonly kind: "heard"; readonly echo: boolean }
  /** The phone of `extension` sends nothing that arrives. */
  | { readonly kind: "silent"; readonly extension: string };

/** What a call says about the phones in it: each leg's sound as the node hears it. */
export function verdictOf(call: LiveCall): Verdict {
  const caller = call.legs.find((leg) => leg.leg === "a");
  const others = call.legs.filter((leg) => leg.leg !== "a");
  const answered = others.find((leg) => leg.state === "talking" || leg.state === "held");
  if (call.answered_at === null || caller === undefined) return { kind: "ringing" };
  const echo = others.length === 0;
  if (!echo && answered === undefined) return { kind: "ringing" };
  const ends = echo || answered === undefined ? [caller] : [caller, answered];
  const mute = ends.find(isMute);
  if (mute !== undefined) return { kind: "silent", extension: mute === caller ? call.from_number : call.dialled };
  return ends.every((leg) => leg.audio === "flowing") ? { kind: "heard", echo } : { kind: "answered" };
}

function isMute(leg: LiveLeg): boolean {
  return leg.audio === "silent" || leg.audio === "one_way";
}

/** The call to watch: the one that began last. */
export function newestCall(calls: readonly LiveCall[]): LiveCall | undefined {
  return calls.reduce<LiveCall | undefined>(
    (newest, call) => (newest === undefined || Date.parse(call.started_at) > Date.parse(newest.started_at) ? call : newest),
    undefined,
  );
}
