/** One row of the history in words. */
import type { Cdr, Extension } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";
import { causeWords, dispositionTone, type DispositionTone } from "./causes.ts";
import { dialledName, partyName } from "./people.ts";
import { endedBy } from "./story.ts";
import { formatDuration } from "./time.ts";

export interface HistoryRow {
  readonly id: string;
  readonly from: string;
  readonly fromNumber: string;
  readonly to: string;
  readonly toNumber: string;
  readonly startedAt: string;
  readonly tone: DispositionTone;
  readonly outcome: string;
  /** Why it came to this, where the outcome alone does not say it; empty otherwise. */
  readonly why: string;
  /** Talk time, empty for a call nobody answered. */
  readonly talked: string;
  readonly interrupted: boolean;
  /** It tried a flow out. */
  readonly test: boolean;
  /** It tried a flow out; false: a phone or its sound. */
  readonly testedFlow: boolean;
}

export type Directory = ReadonlyMap<string, Extension>;

export function historyRow(cdr: Cdr, directory: Directory, t: Text): HistoryRow {
  const answered = cdr.answered_at !== null;
  // The name of that day is in the record; only a call that is still being routed has none yet.
  const toName = cdr.to_name || (cdr.ended_at === null ? (directory.get(cdr.dialled)?.name ?? "") : "");
  return {
    id: cdr.id,
    from: partyName(cdr.from_name, cdr.from_number),
    fromNumber: cdr.from_number,
    to: dialledName(cdr.dialled, toName, t.live.features),
    toNumber: cdr.dialled,
    startedAt: cdr.started_at,
    tone: reachedNobody(cdr) ? "warn" : dispositionTone(cdr.disposition),
    outcome: t.history.disposition[cdr.disposition] ?? cdr.disposition,
    why: reachedNobody(cdr) ? t.history.systemOnly : needsWhy(cdr) ? causeWords(cdr.cause, endedBy(cdr, t), t) : "",
    talked: answered && cdr.ended_at !== null && !cdr.interrupted ? formatDuration(cdr.talk_s, t.duration) : "",
    interrupted: cdr.interrupted,
    test: cdr.test,
    testedFlow: cdr.test && cdr.flow !== null,
  };
}

/** A caller from outside whom a menu or a mailbox answered, and no person. */
function reachedNobody(cdr: Cdr): boolean {
  return cdr.disposition === "answered" && cdr.missed && cdr.direction === "inbound" && !cdr.test;
}

function needsWhy(cdr: Cdr): boolean {
  if (cdr.ended_at === null || cdr.interrupted) return false;
  return !(cdr.disposition === "answered" && cdr.cause === "normal") && cdr.disposition !== "cancelled";
}

/** The calls of the history that an address asks for, as the node is asked. */
export interface HistoryWish {
  readonly q?: string;
  readonly show?: string;
  readonly direction?: string;
  readonly extension?: string;
  readonly queue?: string;
  readonly flow?: string;
  readonly from?: string;
  readonly to?: string;
  readonly talk?: number;
}

const DIRECTIONS = ["inbound", "outbound", "internal"] as const;
const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** What is no filter (anybody can type an address) is left out. `midnight` says when a day begins here. */
export function cdrFilter(
  wish: HistoryWish,
  midnight: (day: string, daysLater: number) => string,
): Readonly<Record<string, string | number>> {
  const digits = (text: string | undefined) => (text !== undefined && /^\d{1,10}$/.test(text) ? text : "");
  const words = (wish.q ?? "").trim();
  const asNumber = /^[\d\s()+/.-]+$/.test(words);
  const filter: Record<string, string | number> = {
    // However a number was typed, the history has it without the marks between its digits.
    number: asNumber ? words.replace(/[^\d+]/g, "") : "",
    q: asNumber ? "" : words,
    disposition: dispositionFrom(wish.show) ?? "",
    missed: wish.show === "missed" ? "true" : "",
    direction: DIRECTIONS.find((each) => each === wish.direction) ?? "",
    extension: digits(wish.extension),
    queue: digits(wish.queue),
    flow: digits(wish.flow),
    from: wish.from !== undefined && DAY.test(wish.from) ? midnight(wish.from, 0) : "",
    to: wish.to !== undefined && DAY.test(wish.to) ? midnight(wish.to, 1) : "",
    min_talk_s: wish.talk ?? "",
  };
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== ""));
}

export const DISPOSITIONS = ["answered", "no_answer", "busy", "cancelled", "failed", "in_progress"] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** A disposition from an address, or nothing when it is not one. */
export function dispositionFrom(text: string | undefined): Disposition | undefined {
  return DISPOSITIONS.find((each) => each === text);
}
