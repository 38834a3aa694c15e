/** The figures of the history as tables and charts want them. What was not counted stays out: no false zeros. */

import type { HourOfCalls } from "../schema.gen.ts";

/** The part of the calls from outside that somebody took; undefined without any. */
export function answerRate(of: { readonly answered: number; readonly missed: number }): number | undefined {
  const all = of.answered + of.missed;
  return all > 0 ? of.answered / all : undefined;
}

/** Each hour's share of the busiest one, 0 to 1. An office without calls has no busy hours. */
export function heat(hours: readonly HourOfCalls[]): readonly number[] {
  const most = Math.max(0, ...hours.map((each) => each.calls));
  return hours.map((each) => (most > 0 ? each.calls / most : 0));
}

/** RFC 4180, with a line of titles. A text that a spreadsheet would take for a formula gets an apostrophe. */
export function csv(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) => {
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [titles, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}
