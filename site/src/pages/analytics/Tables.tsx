/** The figures as tables: what screen readers read, and what people copy. */
import type { ReactNode } from "react";
import { answerRate } from "../../core/figures.ts";
import { formatDuration } from "../../core/time.ts";
import type { DayOfCalls, DidOfCalls, HourOfCalls } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";

interface TableProps {
  readonly caption: string;
  readonly titles: readonly string[];
  readonly rows: readonly (readonly [string, ...(readonly (string | number)[])])[];
}

export function Table({ caption, titles, rows }: TableProps) {
  return (
    <table className="w-full text-left">
      <caption className="sr-only">{caption}</caption>
      <thead className="border-b border-line text-small text-faint">
        <tr>
          {titles.map((title, column) => (
            <th key={title} scope="col" className={`px-3 py-2 font-normal first:pl-5 last:pr-5 ${column > 0 ? "text-right" : ""}`}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {rows.map(([head, ...cells]) => (
          <tr key={head}>
            <th scope="row" className="px-3 py-2 pl-5 font-medium whitespace-nowrap">
              {head}
            </th>
            {cells.map((cell, column) => (
              <td key={column} className="px-3 py-2 text-right whitespace-nowrap last:pr-5">
                {typeof cell === "number" ? cell.toLocaleString(t.locale) : cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function dayWords(day: string): string {
  return new Intl.DateTimeFormat(t.locale, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(`${day}T00:00Z`),
  );
}

export function DayTable({ days }: { readonly days: readonly DayOfCalls[] }): ReactNode {
  const words = t.media.analytics.columns;
  return (
    <Table
      caption={t.media.analytics.perDay}
      titles={[words.day, words.inbound, words.outbound, words.internal, words.answered, words.missed, words.talk]}
      rows={days.map((each) => [dayWords(each.day), each.inbound, each.outbound, each.internal, each.answered, each.missed, formatDuration(each.talk_s, t.duration)])}
    />
  );
}

export function HourTable({ hours }: { readonly hours: readonly HourOfCalls[] }): ReactNode {
  const words = t.media.analytics.columns;
  return (
    <Table
      caption={t.media.analytics.perHour}
      titles={[words.hour, words.calls, words.missed]}
      rows={hours.map((each) => [`${each.hour}:00`, each.calls, each.missed])}
    />
  );
}

export function DidTable({ dids }: { readonly dids: readonly DidOfCalls[] }): ReactNode {
  const words = t.media.analytics.columns;
  return (
    <Table
      caption={t.media.analytics.perNumber}
      titles={[words.number, words.calls, words.answered, words.missed, words.rate, words.wait]}
      rows={dids.map((each) => [
        each.did,
        each.calls,
        each.answered,
        each.missed,
        answerRate(each)?.toLocaleString(t.locale, { style: "percent", maximumFractionDigits: 0 }) ?? "–",
        each.wait_s === null ? "–" : formatDuration(each.wait_s, t.duration),
      ])}
    />
  );
}
