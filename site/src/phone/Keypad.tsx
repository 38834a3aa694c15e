/** Twelve keys. */
import { useRef } from "react";
import { LETTERS } from "./t9.ts";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

interface KeypadProps {
  readonly onKey: (key: string) => void;
  /** What a long press of 0 gives. */
  readonly plus?: boolean;
  readonly compact?: boolean;
}

export function Keypad({ onKey, plus = false, compact = false }: KeypadProps) {
  return (
    <div className={`mx-auto grid w-full max-w-72 grid-cols-3 ${compact ? "gap-1.5" : "gap-2"}`}>
      {KEYS.map((key) => (
        <Key key={key} name={key} letters={key === "0" && plus ? "+" : (LETTERS[key] ?? "")} compact={compact} onKey={onKey} />
      ))}
    </div>
  );
}

const LONG_MS = 500;

interface KeyProps {
  readonly name: string;
  readonly letters: string;
  readonly compact: boolean;
  readonly onKey: (key: string) => void;
}

function Key({ name, letters, compact, onKey }: KeyProps) {
  const held = useRef<ReturnType<typeof setTimeout>>(undefined);
  const long = useRef(false);
  const down = () => {
    long.current = false;
    if (letters !== "+") return;
    held.current = setTimeout(() => {
      long.current = true;
      onKey("+");
    }, LONG_MS);
  };
  const up = () => clearTimeout(held.current);
  return (
    <button
      type="button"
      data-key={name}
      onPointerDown={down}
      onPointerUp={up}
      onPointerLeave={up}
      onClick={() => {
        if (!long.current) onKey(name);
        long.current = false;
      }}
      className={`flex touch-manipulation flex-col items-center justify-center rounded-2xl border border-line bg-surface transition-[background-color,scale] select-none hover:bg-hover active:scale-95 active:bg-accent-soft ${compact ? "h-12" : "h-[3.75rem]"}`}
    >
      <span className="text-[1.4rem] leading-6 font-medium tabular-nums">{name}</span>
      <span className="h-3.5 empty:hidden text-[0.625rem] leading-3.5 font-medium tracking-[0.12em] text-faint">
        {letters}
      </span>
    </button>
  );
}
