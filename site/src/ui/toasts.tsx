/** Short messages about what just happened, read aloud and gone by themselves. */
import type { ReactNode } from "react";
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Icon } from "./Icon.tsx";

/** Something that can still be done about what was said. */
export interface ToastAction {
  readonly label: string;
  readonly run: () => void;
}

type Say = (text: string, action?: ToastAction) => void;

const SayContext = createContext<Say>(() => undefined);

/** A function that shows a short message. */
export function useSay(): Say {
  return use(SayContext);
}

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly action: ToastAction | undefined;
}

export function Toasts({ children }: { readonly children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const say = useCallback<Say>((text, action) => {
    const id = performance.now();
    setToasts((before) => [...before.slice(-2), { id, text, action }]);
    setTimeout(() => setToasts((before) => before.filter((each) => each.id !== id)), action === undefined ? 4500 : 10_000);
  }, []);
  const shown = useMemo(
    () =>
      toasts.map((toast) => (
        <p
          key={toast.id}
          className="arrive pointer-events-auto flex items-center gap-2.5 rounded-xl bg-ink px-4 py-3 text-canvas shadow-float"
        >
          <Icon name="check" />
          {toast.text}
          {toast.action !== undefined && (
            <button
              type="button"
              onClick={() => {
                setToasts((before) => before.filter((each) => each.id !== toast.id));
                toast.action?.run();
              }}
              className="-my-1 min-h-8 rounded-lg border border-canvas/40 px-2.5 font-medium hover:bg-canvas/15"
            >
              {toast.action.label}
            </button>
          )}
        </p>
      )),
    [toasts],
  );
  // A panel is a modal dialog, above everything but what was opened after it.
  const layer = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = layer.current;
    if (element?.isConnected !== true || !("showPopover" in element)) return;
    if (element.matches(":popover-open")) element.hidePopover();
    if (toasts.length > 0) element.showPopover();
  }, [toasts]);
  return (
    <SayContext value={say}>
      {children}
      <div role="status" aria-live="polite">
        <div
          ref={layer}
          popover="manual"
          className="pointer-events-none fixed inset-x-0 top-auto bottom-20 z-50 m-0 w-full flex-col items-center gap-2 overflow-visible border-0 bg-transparent px-4 py-0 open:flex md:bottom-6"
        >
          {shown}
        </div>
      </div>
    </SayContext>
  );
}
