/**
 * Durations and instants as people read them. Nothing here asks the clock. Language is an argument; times are those of
 * the office, wherever the browser is, as soon as its zone is known.
 */
import type { Text } from "../text/text.ts";

let officeZone: string | undefined;

/** From now on times are shown in this zone; in the browser's where it is empty or none that the browser knows. */
export function showTimesOf(zone: string): void {
  try {
    officeZone = zone === "" ? undefined : new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    officeZone = undefined;
  }
}

/** The office's zone where its clocks show something else than the browser's just now. */
export function otherZone(now: number): string | undefined {
  if (officeZone === undefined) return undefined;
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return offsetMs(now, officeZone) === offsetMs(now, own) ? undefined : officeZone;
}

/** When a day ("2026-11-21") begins in the office, so many days later, as an instant; empty for what is no day. */
export function midnight(day: string, daysLater = 0, timeZone = officeZone): string {
  return instant(`${day}T00:00`, daysLater, timeZone);
}

/** When the clocks of the office show this ("2026-11-21T14:02"), so many days later; empty for what is no time. */
export function instant(local: string, daysLater = 0, timeZone = officeZone): string {
  const [year = NaN, month = NaN, date = NaN, hour = NaN, minute = NaN] = local.split(/[-T:]/).map(Number);
  const clock = Date.UTC(year, month - 1, date + daysLater, hour, minute);
  if (Number.isNaN(clock)) return "";
  if (timeZone === undefined) return new Date(year, month - 1, date + daysLater, hour, minute).toISOString();
  // The offset may be another than at the first guess, where the clock is changed in between.
  const guess = clock - offsetMs(clock, timeZone);
  return new Date(clock - offsetMs(guess, timeZone)).toISOString();
}

function offsetMs(at: number, timeZone: string): number {
  const parts = formatter("en-US", { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" }, timeZone).formatToParts(at);
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.find((each) => each.type === type)?.value);
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second")) - Math.floor(at / 1000) * 1000;
}

type DurationWords = Text["duration"];

/** A running timer: "0:07", "12:45", "1:02:03". Never negative, since two clocks may disagree a little. */
export function formatTimer(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = pad(total % 60);
  return hours > 0 ? `${hours}:${pad(minutes)}:${seconds}` : `${minutes}:${seconds}`;
}

/** A finished duration in at most two units: "7 s", "3 min 12 s", "1 h 4 min", "2 days 3 h". */
export function formatDuration(seconds: number, words: DurationWords): string {
  const total = Math.max(0, Math.round(seconds));
  const units: readonly (readonly [number, (n: number) => string])[] = [
    [86400, words.d],
    [3600, words.h],
    [60, words.min],
    [1, words.s],
  ];
  const first = units.findIndex(([size]) => total >= size);
  if (first < 0) return words.s(0);
  const parts: string[] = [];
  let rest = total;
  for (const [size, word] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(word(count));
  }
  return parts.join(" ");
}

/** A time still to go, as precise as it matters: "48 min", "2 h 5 min", below a minute "16 s". */
export function formatRemaining(seconds: number, words: DurationWords): string {
  return formatDuration(seconds >= 60 ? Math.floor(seconds / 60) * 60 : seconds, words);
}

/** Clock time with seconds: "14:02:11". */
export function formatClock(at: number | string, locale: string, timeZone?: string): string {
  return format(at, locale, { hour: "2-digit", minute: "2-digit", second: "2-digit" }, timeZone);
}

/** Clock time without seconds: "14:02". */
export function formatShortClock(at: number | string, locale: string, timeZone?: string): string {
  return format(at, locale, { hour: "2-digit", minute: "2-digit" }, timeZone);
}

/** "Today", "Yesterday", "Mon 3 Nov", and with the year when it is another one. */
export function formatDay(
  at: string,
  now: number,
  locale: string,
  words: { readonly today: string; readonly yesterday: string },
  timeZone?: string,
): string {
  const day = dayKey(Date.parse(at), timeZone);
  if (day === dayKey(now, timeZone)) return words.today;
  if (day === dayKey(now - 86_400_000, timeZone)) return words.yesterday;
  const sameYear = day.slice(0, 4) === dayKey(now, timeZone).slice(0, 4);
  return format(
    at,
    locale,
    { weekday: "short", day: "numeric", month: "short", ...(sameYear ? {} : { year: "numeric" }) },
    timeZone,
  );
}

/** Date and clock time in full, for details and tooltips. */
export function formatFull(at: string, locale: string, timeZone?: string): string {
  return format(
    at,
    locale,
    { weekday: "short", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" },
    timeZone,
  );
}

function format(
  at: number | string,
  locale: string,
  options: Intl.DateTimeFormatOptions,
  timeZone: string | undefined,
): string {
  return formatter(locale, { ...options, hourCycle: "h23" }, timeZone).format(new Date(at));
}

/** Making one takes longer than using it a hundred times, and a long list asks for thousands. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(locale: string, options: Intl.DateTimeFormatOptions, timeZone = officeZone): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone ?? ""} ${JSON.stringify(options)}`;
  let found = formatters.get(key);
  if (found === undefined) {
    found = new Intl.DateTimeFormat(locale, timeZone === undefined ? options : { ...options, timeZone });
    formatters.set(key, found);
  }
  return found;
}

function dayKey(at: number, timeZone: string | undefined): string {
  return formatter("en-CA", { year: "numeric", month: "2-digit", day: "2-digit" }, timeZone).format(at);
}

function pad(n: number): string {
  return n.toString().padStart(2, "0");
}
