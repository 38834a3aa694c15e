/** Records as a table, sorted by a press on a column; on narrow screens each is a card. */
import type { ReactNode } from "react";
import type { Data } from "../forms/json.ts";
import type { Kind } from "../office/kinds.ts";
import { t } from "../text/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { leading, type Column, type Names } from "./columns.tsx";
import { keyOf } from "./data.ts";

export interface RowAction {
  /** Before the first cell: a handle, a box to tick. */
  readonly before?: (key: string, index: number) => ReactNode;
  /** After the last cell. */
  readonly after?: (key: string, record: Data) => ReactNode;
}

interface RecordTableProps extends RowAction {
  readonly kind: Kind;
  readonly columns: readonly Column[];
  readonly rows: readonly Data[];
  readonly names: Names;
  readonly sort: string;
  readonly onSort?: (column: string) => void;
  readonly onOpen: (key: string) => void;
}

const FROM = { md: "max-md:hidden", lg: "max-lg:hidden" } as const;

export function RecordTable({ kind, columns, rows, names, sort, onSort, onOpen, before, after }: RecordTableProps) {
  const main = leading(kind, columns);
  return (
    <table className="w-full text-left">
      <thead className="border-b border-line text-small text-faint max-md:sr-only">
        <tr>
          {before !== undefined && <td className="w-10" />}
          {columns.map((column) => (
            <Head key={column.name} column={column} main={column === main} sort={sort} onSort={onSort} />
          ))}
          {after !== undefined && <td />}
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {rows.map((record, index) => {
          const key = keyOf(kind, record);
          return (
            <tr key={key} data-row data-record={key} className={`relative hover:bg-hover ${record["enabled"] === false ? "text-faint" : ""}`}>
              {before !== undefined && <td className="relative z-10 w-10 pl-3">{before(key, index)}</td>}
              {columns.map((column) =>
                column === main ? (
                  <td key={column.name} className="px-2 py-3 first:pl-5">
                    <button
                      type="button"
                      onClick={() => onOpen(key)}
                      className="block max-w-80 truncate text-left font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent max-md:max-w-[70vw]"
                    >
                      {shown(column, record, names)}
                    </button>
                    <span className="block truncate text-small text-faint max-md:max-w-[70vw] md:hidden">{summary(columns, main, record, names)}</span>
                  </td>
                ) : (
                  <td key={column.name} className={`max-w-72 truncate px-2 py-3 text-soft first:pl-5 ${column.name === kind.key ? "font-semibold text-ink tabular-nums" : ""} ${FROM[column.from ?? "md"]}`}>
                    {shown(column, record, names)}
                  </td>
                ),
              )}
              {after !== undefined && <td className="relative z-10 pr-4 text-right whitespace-nowrap">{after(key, record)}</td>}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function shown(column: Column, record: Data, names: Names): ReactNode {
  return column.draw?.(record, names) ?? String(column.cell(record));
}

/** The second line of a card: the key, and the first other thing. */
function summary(columns: readonly Column[], main: Column | undefined, record: Data, names: Names): ReactNode {
  return columns
    .filter((each) => each !== main && each.cell(record) !== "")
    .slice(0, 2)
    .map((each) => (
      <span key={each.name} className="not-first:before:mx-1.5 not-first:before:content-['·']">
        {shown(each, record, names)}
      </span>
    ));
}

interface HeadProps {
  readonly column: Column;
  readonly main: boolean;
  readonly sort: string;
  readonly onSort: ((column: string) => void) | undefined;
}

function Head({ column, main, sort, onSort }: HeadProps) {
  const way = sort === column.name ? "ascending" : sort === `-${column.name}` ? "descending" : "none";
  return (
    <th scope="col" aria-sort={way === "none" ? undefined : way} className={`px-2 py-1.5 font-normal first:pl-5 ${column.narrow === true ? "w-28" : ""} ${main ? "" : FROM[column.from ?? "md"]}`}>
      {onSort === undefined ? (
        column.title
      ) : (
        <button type="button" title={t.records.list.sortBy(column.title)} onClick={() => onSort(column.name)} className="-mx-1 inline-flex min-h-8 items-center gap-1 rounded px-1 hover:text-ink">
          {column.title}
          {way !== "none" && <Icon name="chevronRight" className={`size-3.5 ${way === "ascending" ? "-rotate-90" : "rotate-90"}`} />}
        </button>
      )}
    </th>
  );
}
