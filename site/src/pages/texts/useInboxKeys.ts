/** The keys of the inbox. They belong to whatever is typed into, and to an open dialog. */
import { useEffect, useRef } from "react";

interface Actions {
  readonly move: (step: 1 | -1) => void;
  readonly reply: () => void;
  readonly close: () => void;
}

export function useInboxKeys(actions: Actions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const act = {
        j: () => latest.current.move(1),
        k: () => latest.current.move(-1),
        r: () => latest.current.reply(),
        Escape: () => latest.current.close(),
      }[event.key];
      if (act === undefined) return;
      event.preventDefault();
      act();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
