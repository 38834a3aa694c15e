/** What the parts of the editor share: the store, what the canvas can do, and what is drawn. */
import { createContext, use, useSyncExternalStore } from "react";
import type { Catalogue } from "../../flow/catalogue.ts";
import type { Source } from "../../flow/commands.ts";
import type { NameOf, SummaryWords } from "../../flow/summary.ts";
import type { Fault } from "../../flow/types.ts";
import type { DraftKeeper } from "./draft.ts";
import type { EditorState, EditorStore } from "./store.ts";

export interface AddRequest {
  /** Where the menu opens (pixels of the window). */
  readonly at: { readonly x: number; readonly y: number };
  /** What the new node is wired to, or the wire it is put into. */
  readonly from?: Source;
  readonly on?: string;
  /** Where the node goes on the canvas; undefined: where there is room. */
  readonly place?: { readonly x: number; readonly y: number };
}

export interface Workshop {
  readonly store: EditorStore;
  readonly keeper: DraftKeeper;
  readonly catalogue: Catalogue;
  readonly words: SummaryWords;
  readonly nameOf: NameOf;
  readonly faults: readonly Fault[];
  readonly act: Actions;
}

export interface Actions {
  /** Adds a node: after the one that is selected where that has an exit to spare, else in the middle. */
  readonly add: (type: string, where?: Omit<AddRequest, "at">) => void;
  readonly askAdd: (request: AddRequest) => void;
  readonly go: (node: string) => void;
  readonly open: (node: string) => void;
  readonly remove: () => void;
  readonly duplicate: () => void;
  readonly tidy: () => void;
  readonly fit: () => void;
  readonly addNote: () => void;
  readonly writeNote: (index: number, text: string) => void;
  /** Takes a wire away. */
  readonly cut: (wire: string) => void;
  /** Leads an exit to a node, or to the end of the call. */
  readonly lead: (from: Source, to: string) => void;
}

const WorkshopContext = createContext<Workshop | undefined>(undefined);

export const WorkshopProvider = WorkshopContext.Provider;

export function useWorkshop(): Workshop {
  const workshop = use(WorkshopContext);
  if (workshop === undefined) throw new Error("useWorkshop outside of the editor");
  return workshop;
}

/** Renders again when what is chosen from the state is another. */
export function useEditorState<T>(store: EditorStore, choose: (state: EditorState) => T): T {
  return useSyncExternalStore(store.subscribe, () => choose(store.get()));
}
