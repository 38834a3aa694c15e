/** Whether the site works on a node or, without one, on documents. It is chosen per tab, at the log-in. */
import { useSyncExternalStore } from "react";

export type Mode = "node" | "documents";

const KEY = "bellwire.mode";
const listeners = new Set<() => void>();
let mode: Mode = read();

export function currentMode(): Mode {
  return mode;
}

export function useMode(): Mode {
  return useSyncExternalStore(subscribe, currentMode);
}

export function chooseMode(chosen: Mode): void {
  mode = chosen;
  try {
    sessionStorage.setItem(KEY, chosen);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function read(): Mode {
  try {
    return sessionStorage.getItem(KEY) === "documents" ? "documents" : "node";
  } catch {
    return "node";
  }
}
