/**
 * Opening hours as a week of spans. The node writes `{days, start, end}`: hours of some days; one that ends at or
 * before its start goes on past midnight, and belongs to the day on which it begins. Pure.
 */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];

export interface Opening {
  readonly days: readonly Day[];
  readonly start: string;
  readonly end: string;
}

/** Minutes from the midnight with which the day begins; `to` may go past the next one. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export type Week = Readonly<Record<Day, readonly Span[]>>;

export const DAY_MIN = 1440;
export const EMPTY_WEEK: Week = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] };

export function minutesOf(clock: string): number | undefined {
  const found = /^([01]?\d|2[0-4])(?:[:.h]?([0-5]\d))?$/.exec(clock.trim());
  if (found === null) return undefined;
  const minutes = Number(found[1]) * 60 + Number(found[2] ?? 0);
  return minutes > DAY_MIN ? undefined : minutes;
}

/** 1440 is written 00:00, as the node wants the end of a day. */
export function clockOf(minutes: number): string {
  const inDay = minutes % DAY_MIN;
  return `${String(Math.floor(inDay / 60)).padStart(2, "0")}:${String(inDay % 60).padStart(2, "0")}`;
}

export function weekOf(openings: readonly Opening[]): Week {
  const week: Record<Day, readonly Span[]> = { ...EMPTY_WEEK };
  for (const { days, start, end } of openings) {
    const from = minutesOf(start) ?? 0;
    const until = minutesOf(end) ?? 0;
    const to = until <= from ? until + DAY_MIN : until;
    for (const day of days) week[day] = merged([...week[day], { from, to }]);
  }
  return week;
}

/** The fewest openings that say the same: days with the same hours share them. */
export function openingsOf(week: Week): Opening[] {
  const found = new Map<string, { days: Day[]; span: Span }>();
  for (const day of DAYS) {
    for (const span of week[day]) {
      const key = `${span.from}-${span.to}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { days: [day], span });
      else known.days.push(day);
    }
  }
  return [...found.values()].map(({ days, span }) => ({ days, start: clockOf(span.from), end: clockOf(span.to) }));
}

/** In order, with what touches or overlaps put together; never longer than a day. */
export function merged(spans: readonly Span[]): readonly Span[] {
  const sorted = spans.filter((each) => each.to > each.from).sort((a, b) => a.from - b.from);
  const out: Span[] = [];
  for (const span of sorted) {
    const last = out.at(-1);
    if (last !== undefined && span.from <= last.to) out[out.length - 1] = { from: last.from, to: Math.max(last.to, span.to) };
    else out.push(span);
  }
  return out.map(({ from, to }) => ({ from, to: Math.min(to, from + DAY_MIN) }));
}

export function added(spans: readonly Span[], span: Span): readonly Span[] {
  return merged([...spans, span]);
}

export function removed(spans: readonly Span[], { from, to }: Span): readonly Span[] {
  return merged(
    spans.flatMap((each) => [
      { from: each.from, to: Math.min(each.to, from) },
      { from: Math.max(each.from, to), to: each.to },
    ]),
  );
}

export function covers(spans: readonly Span[], minute: number): boolean {
  return spans.some((each) => each.from <= minute && minute < each.to);
}

/** "09:00–12:00, 13:00–17:00"; a whole day is 00:00–24:00. */
export function spansText(spans: readonly Span[]): string {
  return spans.map(({ from, to }) => `${clockOf(from)}–${to === DAY_MIN ? "24:00" : clockOf(to)}`).join(", ");
}

/** What people type: "9-12, 13:30-17", "9 to 5" is not guessed at. Undefined when it is no list of hours. */
export function readSpans(text: string): readonly Span[] | undefined {
  const spans: Span[] = [];
  for (const part of text.split(/[,;]/).map((each) => each.trim()).filter((each) => each !== "")) {
    const [start, end, more] = part.split(/\s*(?:-|–|—|to|bis)\s*/);
    const from = minutesOf(start ?? "");
    const until = minutesOf(end ?? "");
    if (from === undefined || until === undefined || more !== undefined || from === DAY_MIN) return undefined;
    spans.push({ from, to: until <= from ? until + DAY_MIN : until });
  }
  return merged(spans);
}
