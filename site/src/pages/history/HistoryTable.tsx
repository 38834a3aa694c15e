/** The history as a table; on narrow screens each call becomes two lines. */
import { Link } from "@tanstack/react-router";
import { historyRow, type HistoryRow } from "../../core/history.ts";
import { formatDay, formatFull, formatShortClock } from "../../core/time.ts";
import { useDirectory } from "../../live/useLive.ts";
import type { HistorySearch } from "../../router.tsx";
import type { Cdr } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark } from "../../ui/StatusMark.tsx";

interface HistoryTableProps {
  readonly calls: readonly Cdr[];
  /** The list's own address, which an opened call is added to. */
  readonly list: HistorySearch;
}

export function HistoryTable({ calls, list }: HistoryTableProps) {
  const directory = useDirectory();
  return (
    <table className="w-full table-fixed text-left max-md:block">
      <thead className="border-b border-line text-small text-faint max-md:sr-only">
        <tr>
          <th scope="col" className="w-36 py-2.5 pl-5 font-normal">
            {t.history.when}
          </th>
          <th scope="col" className="px-2 py-2.5 font-normal">
            {t.history.from}
          </th>
          <th scope="col" className="px-2 py-2.5 font-normal">
            {t.history.to}
          </th>
          <th scope="col" className="w-2/5 px-2 py-2.5 font-normal">
            {t.history.outcome}
          </th>
          <th scope="col" className="w-28 py-2.5 pr-5 text-right font-normal">
            {t.history.talked}
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line max-md:block">
        {calls.map((cdr) => (
          <Row key={cdr.id} row={historyRow(cdr, directory, t)} list={list} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ row, list }: { readonly row: HistoryRow; readonly list: HistorySearch }) {
  const now = useNow();
  return (
    <tr
      data-cdr={row.id}
      className="relative hover:bg-hover max-md:grid max-md:grid-cols-[auto_minmax(0,1fr)_auto] max-md:items-center max-md:gap-x-2.5 max-md:gap-y-1.5 max-md:px-4 max-md:py-3"
    >
      <td className="py-3 pl-5 whitespace-nowrap text-soft max-md:order-4 max-md:p-0 max-md:text-small">
        <Link
          to="/history"
          search={{ ...list, call: row.id }}
          resetScroll={false}
          className="after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
        >
          <time dateTime={row.startedAt} title={formatFull(row.startedAt, t.locale)}>
            {formatDay(row.startedAt, now, t.locale, t.history)} {formatShortClock(row.startedAt, t.locale)}
          </time>
          <span className="sr-only">, {t.history.drawerLabel(row.from, row.to)}</span>
        </Link>
      </td>
      <td className="px-2 py-3 max-md:order-1 max-md:col-span-3 max-md:p-0 md:hidden">
        <span className="block truncate font-medium">
          {row.from} <span className="text-faint">→</span> {row.to}
        </span>
      </td>
      <Party name={row.from} number={row.fromNumber} />
      <Party name={row.to} number={row.toNumber} />
      <td className="px-2 py-2.5 max-md:order-2 max-md:p-0">
        <span className="flex flex-wrap items-center gap-x-2.5 gap-y-1">
          <StatusMark tone={row.tone}>{row.outcome}</StatusMark>
          {row.why !== "" && <span className="truncate text-small text-faint max-md:hidden">{row.why}</span>}
          {row.interrupted && (
            <span className="inline-flex items-center gap-1 text-small text-warn max-md:hidden" title={t.history.interruptedHelp}>
              <Icon name="restart" className="size-3.5" />
              {t.history.interrupted}
            </span>
          )}
        </span>
      </td>
      <td className="py-3 pr-5 text-right whitespace-nowrap max-md:order-3 max-md:p-0 max-md:text-left max-md:text-small max-md:text-soft">
        {row.talked}
      </td>
    </tr>
  );
}

function Party({ name, number }: { readonly name: string; readonly number: string }) {
  return (
    <td className="px-2 py-3 max-md:hidden">
      <span className="block truncate font-medium">
        {name}
        {number !== name && <span className="pl-1.5 font-normal text-faint">{number}</span>}
      </span>
    </td>
  );
}
