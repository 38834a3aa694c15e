/**
 * The documents that lie open in this browser: what is shown, what was saved, and an autosave in IndexedDB, so that a
 * closed tab loses nothing. They never leave the browser by themselves.
 */
import { openDB, type IDBPDatabase } from "idb";
import { EMPTY, isRecord, readDocument, writeDocument, type OfficeDocument } from "./document.ts";

export interface DeskState {
  readonly document: OfficeDocument;
  /** Where it came from, in words; "" for new ones. */
  readonly origin: string;
  /** Changed since it was opened or saved. */
  readonly changed: boolean;
  readonly savedAt: number | undefined;
  /** The autosave has been read. */
  readonly ready: boolean;
  /** The browser keeps nothing (private window): changes last as long as the page. */
  readonly forgetful: boolean;
}

const DATABASE = "bellwire";
const STORE = "documents";
const KEY = "office";

const listeners = new Set<() => void>();
let state: DeskState = {
  document: EMPTY,
  origin: "",
  changed: false,
  savedAt: undefined,
  ready: false,
  forgetful: false,
};
let database: Promise<IDBPDatabase> | undefined;
let writing: Promise<void> = Promise.resolve();

export const desk = {
  state: (): DeskState => state,

  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },

  /** Other documents, in place of these. */
  open(document: OfficeDocument, origin: string): void {
    set({ document, origin, changed: false });
    keep();
  },

  /** The same documents, changed. */
  put(document: OfficeDocument): void {
    set({ document, changed: true });
    keep();
  },

  /** What lies here has been saved elsewhere. */
  saved(origin: string): void {
    set({ origin, changed: false });
    keep();
  },

  /** Reads the autosave, once. */
  async wake(): Promise<void> {
    if (state.ready) return;
    try {
      const kept: unknown = await (await opened()).get(STORE, KEY);
      if (isRecord(kept) && typeof kept["text"] === "string") {
        set({
          document: readDocument(kept["text"]),
          origin: typeof kept["origin"] === "string" ? kept["origin"] : "",
          changed: kept["changed"] === true,
          savedAt: typeof kept["at"] === "number" ? kept["at"] : undefined,
        });
      }
    } catch {
      set({ forgetful: true });
    } finally {
      set({ ready: true });
    }
  },

  /** Resolves when the last change is kept. */
  settled: (): Promise<void> => writing,
};

function set(change: Partial<DeskState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

function keep(): void {
  const { document, origin, changed } = state;
  const at = Date.now();
  writing = writing.then(async () => {
    try {
      await (await opened()).put(STORE, { text: writeDocument(document), origin, changed, at }, KEY);
      set({ savedAt: at, forgetful: false });
    } catch {
      set({ forgetful: true });
    }
  });
}

function opened(): Promise<IDBPDatabase> {
  database ??= openDB(DATABASE, 1, {
    upgrade(fresh) {
      fresh.createObjectStore(STORE);
    },
  });
  return database;
}
