/** Keys that work on every page: the palette, the sheet of shortcuts, and "g" followed by a page's letter. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { PagePath } from "./nav.ts";

export const JUMPS: readonly (readonly [key: string, to: PagePath])[] = [
  ["d", "/"],
  ["l", "/live"],
  ["h", "/history"],
  ["p", "/phones"],
  ["f", "/flows"],
  ["s", "/settings"],
];

interface Actions {
  readonly search: () => void;
  readonly shortcuts: () => void;
  readonly sideBar: () => void;
}

/** How long after "g" the letter may come. */
const JUMP_WITHIN_MS = 1200;

export function useKeys(actions: Actions): void {
  const navigate = useNavigate();
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });

  useEffect(() => {
    let jumpUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      const { key } = event;
      if (document.querySelector("dialog[open]") !== null) return;
      if ((event.ctrlKey || event.metaKey) && !event.altKey && key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.search();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const to = event.timeStamp < jumpUntil ? JUMPS.find(([letter]) => letter === key)?.[1] : undefined;
      jumpUntil = 0;
      if (to !== undefined) {
        event.preventDefault();
        void navigate({ to });
      } else if (key === "g") jumpUntil = event.timeStamp + JUMP_WITHIN_MS;
      else if (key === "?") latest.current.shortcuts();
      else if (key === "[") latest.current.sideBar();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [navigate]);
}

/** Keys belong to whatever is typed into, and to a canvas that has its own. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest("[data-own-keys]") !== null;
}
