/** Finds nodes by any words of them: name, type, what it does, whom it names, its id. */
import { isObject } from "./same.ts";
import type { Flow } from "./types.ts";

export interface Searchable {
  readonly id: string;
  readonly title: string;
  readonly type: string;
  readonly summary: string;
}

/** The nodes that have every word, those with the words in their title first. */
export function searchNodes(flow: Flow, query: string, describe: (id: string) => Searchable): readonly Searchable[] {
  const words = fold(query).split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) return [];
  return Object.keys(flow.nodes)
    .map((id) => ({ found: describe(id), rank: rankOf(flow, id, describe(id), words) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank || a.found.title.localeCompare(b.found.title))
    .map(({ found }) => found);
}

function rankOf(flow: Flow, id: string, node: Searchable, words: readonly string[]): number {
  const title = fold(node.title);
  const near = fold(`${node.title} ${node.type} ${id} ${node.summary}`);
  const all = `${near} ${fold(texts(flow.nodes[id]?.parameters).join(" "))}`;
  if (!words.every((word) => all.includes(word))) return 0;
  if (title.startsWith(words[0] ?? "")) return 4;
  if (words.every((word) => title.includes(word))) return 3;
  return words.every((word) => near.includes(word)) ? 2 : 1;
}

function texts(value: unknown): readonly string[] {
  if (typeof value === "string" || typeof value === "number") return [String(value)];
  if (Array.isArray(value)) return value.flatMap(texts);
  return isObject(value) ? Object.values(value).flatMap(texts) : [];
}

/** Without accents and capitals, as people type. */
export function fold(text: string): string {
  return text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
}
