/**
 * Modal dialogs and side panels on the browser's own <dialog>: it keeps the focus inside, makes the page behind inert
 * and gives the focus back. Escape and a click beside it ask to close; the owner may refuse (unsaved changes).
 */
import type { KeyboardEvent, MouseEvent, ReactNode } from "react";
import { useEffect, useRef } from "react";

interface DialogProps {
  readonly label: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly shape?: "centre" | "wide" | "side" | "top" | "bottom";
}

const SHAPES = {
  centre:
    "m-auto w-[min(28rem,calc(100vw-2rem))] max-h-[calc(100dvh-2rem)] rounded-2xl border border-line shadow-float fade-in",
  top: "mx-auto mt-[min(12vh,6rem)] mb-auto w-[min(38rem,calc(100vw-1.5rem))] max-h-[min(34rem,76dvh)] rounded-2xl border border-line shadow-float fade-in",
  bottom: "mx-0 mt-auto mb-0 w-full max-w-full max-h-[85dvh] rounded-t-2xl border-t border-line shadow-float rise-in",
  side: "ml-auto mr-0 my-0 h-dvh max-h-dvh w-full max-w-full sm:w-[30rem] border-l border-line shadow-float slide-in",
  wide: "ml-auto mr-0 my-0 h-dvh max-h-dvh w-full max-w-full sm:w-[min(40rem,100vw)] border-l border-line shadow-float slide-in",
} as const;

export function Dialog({ label, onClose, children, shape = "centre" }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const pressedBeside = useRef(false);

  useEffect(() => {
    const element = dialog.current;
    if (element === null) return;
    if (!element.open) element.showModal();
    // Not the first button (which is "close"): the form's first field, the safe answer, or the panel itself.
    (element.querySelector<HTMLElement>("[data-focus-first]") ?? element).focus();
    return () => element.close();
  }, []);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };
  const beside = (event: MouseEvent) => event.target === dialog.current;

  return (
    <dialog
      ref={dialog}
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        onClose();
      }}
      onMouseDown={(event) => {
        pressedBeside.current = beside(event);
      }}
      onMouseUp={(event) => {
        if (pressedBeside.current && beside(event)) onClose();
        pressedBeside.current = false;
      }}
      className={`overflow-hidden bg-surface p-0 text-ink outline-none ${SHAPES[shape]}`}
    >
      <div className={`flex max-h-[inherit] flex-col ${shape === "side" || shape === "wide" ? "h-full" : ""}`}>{children}</div>
    </dialog>
  );
}

interface ConfirmProps {
  readonly title: string;
  readonly help: string;
  readonly confirm: ReactNode;
  readonly cancel: ReactNode;
  readonly fault?: ReactNode;
  readonly onClose: () => void;
}

/** A question before something that is hard to undo. The safe answer comes first and has the focus. */
export function Confirm({ title, help, confirm, cancel, fault, onClose }: ConfirmProps) {
  return (
    <Dialog label={title} onClose={onClose}>
      <div className="flex flex-col gap-2 p-6">
        <h2 className="text-lead font-semibold">{title}</h2>
        <p className="text-pretty text-soft">{help}</p>
        {fault}
        <div className="mt-4 flex flex-wrap justify-end gap-2">
          {cancel}
          {confirm}
        </div>
      </div>
    </Dialog>
  );
}
