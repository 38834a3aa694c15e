/** Takes a row of a list up or down: dragged with mouse or finger, or moved with the arrow keys. */
import { useEffect, useRef } from "react";
import { t } from "../text/index.ts";
import { Icon } from "../ui/Icon.tsx";

interface MoveHandleProps {
  readonly label: string;
  readonly onUp: (() => void) | undefined;
  readonly onDown: (() => void) | undefined;
}

/** Stands inside an element with `data-row`, whose neighbours are the other rows. */
export function MoveHandle({ label, onUp, onDown }: MoveHandleProps) {
  const latest = useRef({ onUp, onDown });
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    latest.current = { onUp, onDown };
  });

  const drag = () => {
    const move = (event: PointerEvent) => {
      const row = button.current?.closest("[data-row]");
      if (row === undefined || row === null) return;
      event.preventDefault();
      if (event.clientY < middle(row.previousElementSibling, -Infinity)) latest.current.onUp?.();
      else if (event.clientY > middle(row.nextElementSibling, Infinity)) latest.current.onDown?.();
    };
    const end = () => {
      window.removeEventListener("pointermove", move);
      window.removeEventListener("pointerup", end);
      window.removeEventListener("pointercancel", end);
    };
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", end);
    window.addEventListener("pointercancel", end);
  };

  return (
    <button
      ref={button}
      type="button"
      aria-label={t.records.form.move(label)}
      title={t.records.form.moveHelp}
      onPointerDown={drag}
      onKeyDown={(event) => {
        if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
        event.preventDefault();
        (event.key === "ArrowUp" ? onUp : onDown)?.();
        // The row is drawn in another place; the focus stays with it.
        requestAnimationFrame(() => button.current?.focus());
      }}
      className="inline-flex h-9 w-6 shrink-0 cursor-grab touch-none items-center justify-center rounded text-faint hover:text-ink active:cursor-grabbing"
    >
      <Icon name="grip" className="size-4" />
    </button>
  );
}

function middle(element: Element | null, none: number): number {
  if (element?.hasAttribute("data-row") !== true) return none;
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}
