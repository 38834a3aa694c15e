/**
 * Which node this page talks to. One site may be for several offices, at its own origin or elsewhere; the choice and the
 * log-in are remembered per node. Another choice is a reload, so nothing of one office is ever shown as another's.
 */
import { ORGANISATION, WRITTEN_OFFICES, type Office } from "../office/content.ts";

export type { Office };

const CHOSEN = "bellwire.node";
const ADDED = "bellwire.nodes";

/** The offices of this site, then those that were added in this browser. */
export function offices(): readonly Office[] {
  const added = readList(ADDED);
  const known = WRITTEN_OFFICES.length > 0 ? WRITTEN_OFFICES : [{ name: ORGANISATION, node: "" }];
  return [...known, ...added.filter((each) => !known.some(({ node }) => node === each.node))];
}

function chosen(): Office {
  const all = offices();
  const stored = read(CHOSEN);
  return all.find(({ node }) => node === stored) ?? all[0] ?? { name: "", node: "" };
}

/** The office of this page, for as long as it lives. */
export const HERE: Office = chosen();

/** The node's origin; "" where it is the page's own. */
export const NODE: string = sameOrigin(HERE.node) ? "" : HERE.node;

/** Whether the browser counts the node as another origin: then there are no cookies, and log-in is by JWT. */
export const ELSEWHERE: boolean = NODE !== "";

export function goTo(node: string): void {
  write(CHOSEN, node);
  window.location.assign("/");
}

export function addOffice(office: Office): void {
  const others = readList(ADDED).filter(({ node }) => node !== office.node);
  write(ADDED, JSON.stringify([...others, office]));
}

export function forgetOffice(node: string): void {
  write(ADDED, JSON.stringify(readList(ADDED).filter((each) => each.node !== node)));
}

/** Whether it was added in this browser, and so can be forgotten. */
export function wasAdded(node: string): boolean {
  return readList(ADDED).some((each) => each.node === node);
}

function sameOrigin(node: string): boolean {
  return node === "" || node === window.location.origin;
}

function readList(key: string): readonly Office[] {
  try {
    const value: unknown = JSON.parse(read(key) ?? "[]");
    return Array.isArray(value) ? value.filter(isOffice) : [];
  } catch {
    return [];
  }
}

function isOffice(value: unknown): value is Office {
  if (typeof value !== "object" || value === null || !("name" in value) || !("node" in value)) return false;
  return typeof value.name === "string" && typeof value.node === "string";
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
}
