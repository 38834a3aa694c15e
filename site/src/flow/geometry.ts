/** How large a node is drawn, and where its handles are: known without a browser, so that the layout is too. */
import type { Exit } from "./exits.ts";

export const GRID = 20;
export const WIDTH = 230;
export const HEAD = 62;
export const ROW = 26;
const FOOT = 8;

/** The exits that are drawn: those that have to be wired, and those that are; all of them while the node is `open`. */
export function shownExits(exits: readonly Exit[], wires: Readonly<Record<string, string>>, open: boolean): readonly Exit[] {
  return open ? exits : exits.filter((exit) => !exit.optional || Object.hasOwn(wires, exit.name));
}

export function heightOf(rows: number): number {
  return rows === 0 ? HEAD : HEAD + rows * ROW + FOOT;
}

/** The middle of the handle of a row, from the top of the node. */
export function handleY(row: number): number {
  return HEAD + row * ROW + ROW / 2;
}

export const ENTRY_Y = HEAD / 2;
