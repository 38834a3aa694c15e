/** Addresses of nodes, and why a browser may not reach one. Pure. */

/** What somebody typed as the address of a node, as an origin; undefined when it is none. */
export function nodeAddress(typed: string): string | undefined {
  const text = typed.trim();
  if (text === "") return undefined;
  try {
    const url = new URL(/^[a-z][a-z+.-]*:\/\//i.test(text) ? text : `https://${text}`);
    if (url.username !== "" || url.password !== "" || !/^https?:$/.test(url.protocol)) return undefined;
    return url.origin;
  } catch {
    return undefined;
  }
}

/** What was seen when a node was tried. */
export interface Probe {
  /** Where this page is. */
  readonly page: string;
  readonly node: string;
  /** Whether a question that every page may ask was answered by a Bellwire node. */
  readonly health: boolean;
  /** Whether the question that needs this page's origin on the node's list was answered. */
  readonly allowed: boolean;
}

export type Trouble = "mixed" | "unreachable" | "origin";

/** Why the node cannot be used from this page; undefined when it can. */
export function troubleOf({ page, node, health, allowed }: Probe): Trouble | undefined {
  if (allowed) return undefined;
  if (mixes(page, node)) return "mixed";
  return health ? "origin" : "unreachable";
}

/** A page that came over HTTPS may not ask over HTTP; this machine itself is the exception. */
export function mixes(page: string, node: string): boolean {
  if (!page.startsWith("https:") || !node.startsWith("http:")) return false;
  return !/^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|\/|$)/.test(node);
}
