/** The keys of the phone. On its own page they work everywhere, docked only while it has the focus. */
import { useEffect, useRef, type RefObject } from "react";
import { desk } from "./desk.ts";
import type { CallCard } from "./protocol.ts";
import { ringing } from "./usePhone.ts";

export interface KeyActions {
  readonly front: CallCard | undefined;
  readonly type: (key: string) => void;
  readonly redialOrCall: () => void;
  readonly clear: () => void;
  readonly open: (what: "transfer" | "park" | "keypad" | "note" | "keys") => void;
}

export function usePhoneKeys(root: RefObject<HTMLElement | null>, everywhere: boolean, actions: KeyActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (document.querySelector("dialog[open]") !== null) return;
      const { target } = event;
      if (!everywhere && !(target instanceof Node && root.current?.contains(target) === true)) return;
      if (isTyping(target) && !(isDialBox(target) && goesToCall(event.key, latest.current))) return;
      // A button that has the focus is pressed by Space and Enter, as everywhere.
      if ((event.key === " " || event.key === "Enter") && target instanceof HTMLElement && target.closest("button, a, summary, [role=slider]") !== null) return;
      if (act(event.key, latest.current)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [root, everywhere]);
}

function act(key: string, { front, type, redialOrCall, clear, open }: KeyActions): boolean {
  const rings = front !== undefined && ringing(front);
  const talks = front?.state === "talking";
  if (key === "Enter") {
    if (rings) desk.do({ do: "answer", id: front.id });
    else if (front === undefined || front.state === "ended") redialOrCall();
    return true;
  }
  if (key === "Escape") {
    if (rings) desk.do({ do: "hangUp", id: front.id });
    else clear();
    return true;
  }
  if (key === "?") {
    open("keys");
    return true;
  }
  if (/^[\d*#+]$/.test(key)) {
    if (talks) desk.do({ do: "keys", id: front.id, keys: key });
    else type(key);
    return true;
  }
  if (front === undefined) return false;
  if (key === "x" && front.state !== "ended") desk.do({ do: "hangUp", id: front.id });
  else if (!talks) return false;
  else if (key === " " || key === "m") desk.do({ do: "mute", id: front.id, on: !front.muted });
  else if (key === "h") desk.do({ do: "hold", id: front.id, on: !front.held });
  else if (key === "t") open("transfer");
  else if (key === "p") open("park");
  else if (key === "k") open("keypad");
  else if (key === "n") open("note");
  else return false;
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function isDialBox(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.dataset["dial"] !== undefined;
}

/** A call that rings is answered and declined also from the box that is typed into, and Escape empties it. */
function goesToCall(key: string, { front }: KeyActions): boolean {
  return key === "Escape" || (key === "Enter" && front !== undefined && ringing(front));
}
