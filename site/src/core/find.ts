/** Finding one thing among many by a few letters, for the command palette. Pure. */
import { fold } from "./phones.ts";

export interface Findable {
  readonly title: string;
  /** Further words it is found by: a number, synonyms. */
  readonly also: string;
}

/**
 * Those that have every word of `query`, best first: a title that begins with it, then a title with a word that does,
 * then any other. An empty query finds everything in its own order.
 */
export function find<T extends Findable>(things: readonly T[], query: string, most: number): T[] {
  const words = fold(query.trim()).split(/\s+/).filter((word) => word !== "");
  return things
    .map((thing, order) => ({ thing, order, rank: rankOf(thing, words) }))
    .filter(({ rank }) => rank !== undefined)
    .sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0) || a.order - b.order)
    .slice(0, most)
    .map(({ thing }) => thing);
}

function rankOf(thing: Findable, words: readonly string[]): number | undefined {
  const title = fold(thing.title);
  const all = `${title} ${fold(thing.also)}`;
  if (!words.every((word) => all.includes(word))) return undefined;
  const [first] = words;
  if (first === undefined || title.startsWith(first)) return 0;
  if (fold(thing.also).split(/\s+/).includes(first)) return 0;
  return new RegExp(`(^|[^\\p{L}\\p{N}])${escaped(first)}`, "u").test(all) ? 1 : 2;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Whether the text may be the id of a call, as the history names it. */
export function looksLikeCallId(text: string): boolean {
  return /^[0-9A-Za-z-]{16,64}$/.test(text.trim()) && /\d/.test(text);
}
