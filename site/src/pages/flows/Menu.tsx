/** A button with a few more things to do. */
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { FlowIcon } from "./icons.tsx";

export interface MenuItem {
  readonly icon: string;
  readonly label: string;
  readonly danger?: boolean;
  readonly run: () => void;
}

export function Menu({ label, items, icon = "more", children }: { readonly label: string; readonly items: readonly MenuItem[]; readonly icon?: string; readonly children?: ReactNode }) {
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => {
    if (!open) return;
    root.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const away = (event: PointerEvent) => {
      if (root.current?.contains(event.target as Node) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", away, true);
    return () => document.removeEventListener("pointerdown", away, true);
  }, [open]);
  const step = (by: number) => {
    const all = [...(root.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[(at + by + all.length) % all.length]?.focus();
  };
  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("button")?.focus();
  };
  return (
    <div
      ref={root}
      className="relative"
      onKeyDown={(event) => {
        if (!open) return;
        if (event.key === "Escape") close();
        else if (event.key === "ArrowDown") step(1);
        else if (event.key === "ArrowUp") step(-1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <button
        type="button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        className="inline-flex min-h-10 min-w-10 items-center justify-center gap-2 rounded-lg text-soft hover:bg-hover hover:text-ink aria-expanded:bg-hover md:min-h-9 md:min-w-9"
      >
        {children ?? <FlowIcon name={icon} className="size-[1.125rem]" />}
      </button>
      {open && (
        <div id={id} role="menu" aria-label={label} className="fade-in absolute top-full right-0 z-50 mt-1 min-w-52 rounded-xl border border-line bg-surface p-1.5 shadow-float">
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={() => {
                close();
                item.run();
              }}
              className={`flex min-h-9 w-full items-center gap-2.5 rounded-lg px-2.5 text-left whitespace-nowrap hover:bg-hover ${item.danger === true ? "text-bad" : ""}`}
            >
              <FlowIcon name={item.icon} className="size-4.5" />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
