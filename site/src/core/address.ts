/** Search parameters of an address, read with suspicion: anybody can type one. */
type Search = Readonly<Record<string, unknown>>;

export function textParam<K extends string>(search: Search, name: K): Partial<Record<K, string>> {
  const value = search[name];
  const text = typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
  return text === "" ? {} : ({ [name]: text.slice(0, 200) } as Partial<Record<K, string>>);
}

export function numberParam<K extends string>(
  search: Search,
  name: K,
  lowest: number,
  highest: number,
): Partial<Record<K, number>> {
  const value = Number(search[name]);
  const fits = Number.isInteger(value) && value >= lowest && value <= highest;
  return fits ? ({ [name]: value } as Partial<Record<K, number>>) : {};
}

/** What a list page shows: its search, order, part, and what is open ("new" for a new record). */
export interface PageSearch {
  q?: string;
  sort?: string;
  page?: number;
  open?: string;
  show?: string;
  tab?: string;
}

export function pageSearch(search: Search): PageSearch {
  return {
    ...textParam(search, "q"),
    ...textParam(search, "sort"),
    ...textParam(search, "open"),
    ...textParam(search, "show"),
    ...textParam(search, "tab"),
    ...numberParam(search, "page", 2, 1_000_000),
  };
}

/** What to change in an address; nothing, or an empty text, takes it out. */
export type Change<S> = { readonly [K in keyof S]?: S[K] | undefined };

/**
 * For `navigate({ search: changed({ q }) })`: the address as it is by then, with this changed. Never what the page last
 * drew, or a search typed while a panel closes would be lost with it.
 */
export function changed(change: Change<Readonly<Record<string, string | number>>>): <S extends object>(now: S) => S {
  return <S extends object>(now: S) => Object.fromEntries(Object.entries({ ...now, ...change }).filter(([, value]) => value !== undefined && value !== "")) as S;
}

/** The number of a part of a list, as it stands in the address: the first one does not. */
export function part(page: number): number | undefined {
  return page > 1 ? page : undefined;
}
