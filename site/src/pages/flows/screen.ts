/** How much room the editor has. */
import { useEffect, useSyncExternalStore } from "react";

const WIDE = window.matchMedia("(min-width: 52rem)");

export function useWide(): boolean {
  return useSyncExternalStore(
    (listener) => {
      WIDE.addEventListener("change", listener);
      return () => WIDE.removeEventListener("change", listener);
    },
    () => WIDE.matches,
  );
}

/** The editor lies over the whole page: what is below it cannot be reached meanwhile. */
export function useWholeScreen(): void {
  useEffect(() => {
    const column = document.getElementById("content")?.parentElement;
    const below = [...(column?.parentElement?.children ?? [])].filter((each) => each !== column && each instanceof HTMLElement);
    for (const each of below) each.setAttribute("inert", "");
    return () => {
      for (const each of below) each.removeAttribute("inert");
    };
  }, []);
}
