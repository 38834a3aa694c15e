/** Small choices of this browser (side bar, groups), which every part of the page follows. */
import { useCallback, useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
const fallback = new Map<string, string>();

export function readChoice(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? fallback.get(key);
  } catch {
    return fallback.get(key);
  }
}

export function writeChoice(key: string, value: string): void {
  fallback.set(key, value);
  try {
    localStorage.setItem(key, value);
  } catch {
    // Storage may be forbidden; then the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useChoice(key: string, otherwise: string): readonly [string, (value: string) => void] {
  const value = useSyncExternalStore(subscribe, () => readChoice(key) ?? otherwise);
  return [value, useCallback((next: string) => writeChoice(key, next), [key])];
}
