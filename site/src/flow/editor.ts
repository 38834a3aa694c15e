/**
 * What the panels beside the canvas may do with the editor. Panels (simulation, live calls, a call's path, revisions,
 * tests) are listed in `pages/flows/panels.tsx` and reach the canvas through `useEditor()` only.
 */
import { createContext, use } from "react";
import type { Flow, NodeType, WireKey } from "./types.ts";

/**
 * How a node or wire stands out. `path`: a call came by; `live`: one is there now; `failed`: it left by its failed exit.
 * The others are for comparing two states of the flow.
 */
export type Tone = "path" | "live" | "failed" | "added" | "removed" | "changed" | "moved";

export interface Mark {
  readonly tone: Tone;
  /** How often, or how many are there: shown as a number when it is more than one, or `live`. */
  readonly count?: number;
  /** A few words beside it ("12 s"); for a wire on its label. */
  readonly label?: string;
}

export interface Highlight {
  /** By the node's id. */
  readonly nodes: Readonly<Record<string, Mark>>;
  /** By `wireKey(node, exit)`; an exit that is not wired, or ends the call, is marked at the node. */
  readonly wires: Readonly<Record<WireKey, Mark>>;
  /** Everything else steps back. */
  readonly dim?: boolean;
}

/** A document that is looked at in place of the draft: nothing can be changed meanwhile. */
export interface Viewed {
  readonly document: Flow;
  /** What the bar above the canvas says ("Revision 12, by Ada"). */
  readonly title: string;
  /** Any other actions in that bar stand in the panel. */
}

export interface Editor {
  /** The number of the flow, as in its address. */
  readonly number: string;
  /** What the canvas shows: the draft, or what is viewed. */
  readonly document: Flow;
  /** The draft as it is in this browser, also while something else is viewed. */
  readonly draft: Flow;
  readonly types: ReadonlyMap<string, NodeType>;
  /** The ids of the nodes that are selected. */
  readonly selection: ReadonlySet<string>;
  readonly viewed: Viewed | undefined;
  readonly readOnly: boolean;
  /** Grows by one each time the node has taken a draft, published it, rolled back: a reason to ask again. */
  readonly stored: number;

  /** Marks of one source ("live", "path", "diff") over those of others; `undefined` takes them away. */
  readonly highlight: (source: string, marks: Highlight | undefined) => void;
  /** Selects a node, as a click does; `undefined` selects nothing. Does not move the canvas: see `fitTo`. */
  readonly select: (node: string | undefined) => void;
  /** Moves the canvas so that these nodes are seen; all of them when there are none. */
  readonly fitTo: (nodes: readonly string[]) => void;
  /** Shows another document without leaving the draft; `undefined` goes back to it. */
  readonly view: (viewed: Viewed | undefined) => void;
  /** Changes the draft as one step that can be undone; `what` names it ("Add test"). */
  readonly change: (what: string, edit: (flow: Flow) => Flow) => void;
  /** Waits until the node has the draft, so that what it is asked next (simulate, check) is about this state. */
  readonly save: () => Promise<void>;
  /** Opens a panel by its id, with anything to tell it ("the call 17…"); `undefined` closes the one that is open. */
  readonly openPanel: (id: string | undefined, argument?: string) => void;
}

export const EditorContext = createContext<Editor | undefined>(undefined);

/** Renders again with every change of the draft and the selection: for panels, not for what is drawn on the canvas. */
export function useEditor(): Editor {
  const editor = use(EditorContext);
  if (editor === undefined) throw new Error("useEditor outside of the flow editor");
  return editor;
}
