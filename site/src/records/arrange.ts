/** Searching, sorting and paging of a list that is all here. Pure. */
import { fold } from "../core/phones.ts";

export type Cell = string | number | boolean;

export interface Arranged<T> {
  readonly shown: readonly T[];
  /** How many fit the search. */
  readonly found: number;
  readonly pages: number;
  readonly page: number;
}

export interface Wanted {
  readonly q: string;
  /** A column, with "-" before it for the other way round; "" for the order of the node. */
  readonly sort: string;
  readonly page: number;
  readonly perPage: number;
}

export function arranged<T>(rows: readonly T[], wanted: Wanted, cell: (row: T, column: string) => Cell, text: (row: T) => string): Arranged<T> {
  const q = fold(wanted.q.trim());
  const found = q === "" ? rows : rows.filter((row) => fold(text(row)).includes(q));
  const sorted = wanted.sort === "" ? found : sortedBy(found, wanted.sort, cell);
  const pages = Math.max(1, Math.ceil(found.length / wanted.perPage));
  const page = Math.min(Math.max(1, wanted.page), pages);
  const start = (page - 1) * wanted.perPage;
  return { shown: sorted.slice(start, start + wanted.perPage), found: found.length, pages, page };
}

function sortedBy<T>(rows: readonly T[], sort: string, cell: (row: T, column: string) => Cell): readonly T[] {
  const down = sort.startsWith("-");
  const column = down ? sort.slice(1) : sort;
  const sorted = [...rows].sort((a, b) => compare(cell(a, column), cell(b, column)));
  return down ? sorted.reverse() : sorted;
}

/** Numbers by value, also inside of texts: 99 before 101, "Room 2" before "Room 10". */
function compare(a: Cell, b: Cell): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

/** The sort that a press on a column's head leads to: up, down, none. */
export function nextSort(sort: string, column: string): string {
  if (sort === column) return `-${column}`;
  return sort === `-${column}` ? "" : column;
}
