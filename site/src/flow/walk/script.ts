/** The script of a made-up call: who calls and when, what they press, and what becomes of whoever is rung. */
import type { FlowScript } from "../../schema.gen.ts";

export type Reach = FlowScript["reached"][string];
export const REACHES: readonly Reach[] = ["talked", "no_answer", "busy", "unreachable", "refused", "left"];

export const EMPTY_SCRIPT: FlowScript = {
  at: null,
  caller: "+12025550123",
  caller_name: "",
  caller_extension: null,
  called: "",
  keys: [],
  pressed: [],
  said: [],
  hangs_up_at_s: null,
  reached: {},
  web: [],
  flags: {},
  holidays: {},
  caller_list: null,
};

/** What is pressed at the question; "" where the list had none before it. */
export function withKeys(script: FlowScript, question: number, keys: string): FlowScript {
  return { ...script, keys: trimmed(placed(script.keys, question, keys)) };
}

export function withWords(script: FlowScript, question: number, words: string): FlowScript {
  return { ...script, said: trimmed(placed(script.said, question, words)) };
}

/** What becomes of a number; "talked" is what becomes of all that are not named. */
export function withReach(script: FlowScript, what: string, reach: Reach): FlowScript {
  return { ...script, reached: reach === "talked" ? without(script.reached, what) : { ...script.reached, [what]: reach } };
}

/** How the script names who is rung: a mailbox has the number of its extension. */
export function reachName(what: string, to: string): string {
  return what.includes("voicemail") ? `${what} ${to}` : to;
}

export function withFlag(script: FlowScript, flag: string, on: boolean): FlowScript {
  return { ...script, flags: on ? { ...script.flags, [flag]: true } : without(script.flags, flag) };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).filter(([each]) => each !== key));
}

function placed(list: readonly string[], index: number, value: string): string[] {
  const next = Array.from({ length: Math.max(list.length, index + 1) }, (_, place) => list[place] ?? "");
  next[index] = value;
  return next;
}

function trimmed(list: readonly string[]): readonly string[] {
  return list.slice(0, list.findLastIndex((each) => each !== "") + 1);
}

export const MOST_REMEMBERED = 8;

/** The scripts that were tried last, newest first, each once. */
export function remembered(list: readonly FlowScript[], script: FlowScript): readonly FlowScript[] {
  const same = JSON.stringify(script);
  return [script, ...list.filter((each) => JSON.stringify(each) !== same)].slice(0, MOST_REMEMBERED);
}

/** What was kept in the browser, which anybody may have changed: nothing, rather than something odd. */
export function readRemembered(text: string | null): readonly FlowScript[] {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value.filter(isScript).map((each) => ({ ...EMPTY_SCRIPT, ...each }));
}

function isScript(value: unknown): value is FlowScript {
  if (typeof value !== "object" || value === null) return false;
  const { at, caller, keys, said, reached } = value as Readonly<Record<string, unknown>>;
  return (
    (at === null || typeof at === "string") &&
    typeof caller === "string" &&
    isTexts(keys) &&
    isTexts(said) &&
    typeof reached === "object" &&
    reached !== null
  );
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

export type PickId = "now" | "tonight" | "saturday" | "sunday" | "monday" | "christmas";

export interface TimePick {
  readonly id: PickId;
  /** As the script has it: the wall clock of the office. */
  readonly at: string;
}

/** Times that people ask for, as the clock on the wall shows them. `now` is that clock: its zone is not looked at. */
export function timePicks(now: Date): readonly TimePick[] {
  const next = (weekday: number, clock: string): string => {
    const day = new Date(now);
    day.setDate(day.getDate() + ((weekday - day.getDay() + 7) % 7 || 7));
    return `${dayOf(day)}T${clock}`;
  };
  const christmas = `${now.getFullYear()}-12-25T12:00:00`;
  const pastChristmas = wallClock(now) > christmas;
  return [
    { id: "now", at: wallClock(now) },
    { id: "tonight", at: `${dayOf(now)}T22:00:00` },
    { id: "saturday", at: next(6, "22:00:00") },
    { id: "sunday", at: next(0, "12:00:00") },
    { id: "monday", at: next(1, "10:00:00") },
    { id: "christmas", at: pastChristmas ? `${now.getFullYear() + 1}-12-25T12:00:00` : christmas },
  ];
}

/** "2026-11-21T09:05:00" by the browser's own clock. */
export function wallClock(at: Date): string {
  return `${dayOf(at)}T${two(at.getHours())}:${two(at.getMinutes())}:00`;
}

function dayOf(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function two(n: number): string {
  return n.toString().padStart(2, "0");
}
