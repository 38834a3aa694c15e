import { useEffect, useId, useRef } from "react";
import { t } from "../text/index.ts";
import { Icon } from "./Icon.tsx";

interface SearchBoxProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** The page's search. `/` jumps to it from anywhere; Escape empties it, then leaves. */
export function SearchBox({ label, value, onChange }: SearchBoxProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);

  return (
    <div role="search" className="relative min-w-0 flex-1 max-sm:basis-full sm:max-w-80">
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-faint" />
      <input
        ref={input}
        id={id}
        type="search"
        value={value}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        aria-keyshortcuts="/"
        title={t.common.focusSearchHint}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (value === "") input.current?.blur();
          else onChange("");
        }}
        className="peer min-h-11 w-full rounded-lg border border-line-strong/60 bg-surface pr-9 pl-9 text-lead placeholder:text-faint hover:border-line-strong md:min-h-9 md:text-body [&::-webkit-search-cancel-button]:hidden"
      />
      {value === "" ? (
        <kbd
          aria-hidden="true"
          className="pointer-events-none absolute top-1/2 right-2.5 hidden -translate-y-1/2 rounded border border-line px-1.5 font-sans text-label text-faint peer-focus:hidden md:block"
        >
          /
        </kbd>
      ) : (
        <button
          type="button"
          aria-label={t.common.clearSearch}
          onClick={() => {
            onChange("");
            input.current?.focus();
          }}
          className="absolute inset-y-0 right-0 flex w-9 items-center justify-center text-faint hover:text-ink"
        >
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
