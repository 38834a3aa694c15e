/** What the editor holds while it is open: the draft with its history, what is selected, what is marked. No React. */
import { apply, begin, redo, settle, undo, type Change, type History } from "../../flow/history.ts";
import type { Highlight, Viewed } from "../../flow/editor.ts";
import type { Checked } from "../../flow/faults.ts";
import type { Flow } from "../../flow/types.ts";

/** Selected are nodes by their id, wires by their key (`menu:1`), notes by their place (`#0`). */
export type Thing = string;

export const noteKey = (index: number): Thing => `#${index}`;
export const noteIndex = (thing: Thing): number | undefined => (thing.startsWith("#") ? Number(thing.slice(1)) : undefined);
export const isWire = (thing: Thing): boolean => thing.includes(":");
export const isNode = (thing: Thing): boolean => !thing.startsWith("#") && !isWire(thing);

export interface EditorState {
  readonly history: History;
  readonly selection: ReadonlySet<Thing>;
  readonly viewed: Viewed | undefined;
  readonly marks: ReadonlyMap<string, Highlight>;
  readonly checked: Checked | undefined;
  readonly stored: number;
  /** The side panel is open at the node: on small screens it covers the canvas. */
  readonly opened: boolean;
}

const NOTHING: ReadonlySet<Thing> = new Set();

export class EditorStore {
  private state: EditorState;
  private readonly listeners = new Set<() => void>();

  constructor(flow: Flow) {
    this.state = { history: begin(flow), selection: NOTHING, viewed: undefined, marks: new Map(), checked: undefined, stored: 0, opened: false };
  }

  readonly get = (): EditorState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly set = (change: Partial<EditorState>): void => {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  };

  /** The draft in this browser. */
  get draft(): Flow {
    return this.state.history.present;
  }

  /** What the canvas shows. */
  get shown(): Flow {
    return this.state.viewed?.document ?? this.draft;
  }

  get readOnly(): boolean {
    return this.state.viewed !== undefined;
  }

  /** One step that can be undone; nothing while something else than the draft is shown. */
  readonly change = (what: string, edit: Change["edit"], burst = ""): void => {
    if (!this.readOnly) this.keep(apply(this.state.history, { what, edit, burst, at: performance.now() }));
  };

  readonly undo = (): string | undefined => this.step(undo, this.state.history.past.at(-1)?.what);
  readonly redo = (): string | undefined => this.step(redo, this.state.history.future[0]?.what);
  readonly settle = (): void => this.keep(settle(this.state.history));

  private step(way: (history: History) => History, what: string | undefined): string | undefined {
    if (this.readOnly || what === undefined) return undefined;
    this.keep(way(this.state.history));
    return what;
  }

  private keep(history: History): void {
    if (history === this.state.history) return;
    this.set({ history, selection: still(this.state.selection, history.present) });
  }

  readonly select = (things: Iterable<Thing>, opened = this.state.opened): void => {
    const next = new Set(things);
    const same = next.size === this.state.selection.size && [...next].every((each) => this.state.selection.has(each));
    if (same && opened === this.state.opened) return;
    this.set({ selection: same ? this.state.selection : next, opened: opened && next.size > 0 });
  };

  readonly highlight = (source: string, marks: Highlight | undefined): void => {
    const next = new Map(this.state.marks);
    if (marks === undefined) {
      if (!next.delete(source)) return;
    } else next.set(source, marks);
    this.set({ marks: next });
  };

  readonly view = (viewed: Viewed | undefined): void => {
    if (viewed !== this.state.viewed) this.set({ viewed, selection: NOTHING });
  };
}

/** Without what is no longer there. */
function still(selection: ReadonlySet<Thing>, flow: Flow): ReadonlySet<Thing> {
  const kept = [...selection].filter((thing) => {
    const note = noteIndex(thing);
    if (note !== undefined) return note < flow.notes.length;
    return isWire(thing) || Object.hasOwn(flow.nodes, thing);
  });
  return kept.length === selection.size ? selection : new Set(kept);
}
