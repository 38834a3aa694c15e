/** The keys of a phone: pressed with the mouse, a finger, or the keyboard. */
import { useState } from "react";
import { t } from "../../../text/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;
const LETTERS: Readonly<Record<string, string>> = {
  "2": "ABC",
  "3": "DEF",
  "4": "GHI",
  "5": "JKL",
  "6": "MNO",
  "7": "PQRS",
  "8": "TUV",
  "9": "WXYZ",
};
const MOST = 40;

interface KeypadProps {
  readonly label: string;
  readonly keys: string;
  readonly onKeys: (keys: string) => void;
  readonly onClose: () => void;
}

/** What is pressed counts when it is used: a call is not walked again for each key. */
export function Keypad({ label, keys, onKeys, onClose }: KeypadProps) {
  const [pressed, setPressed] = useState(keys);
  const press = (key: string) => setPressed((before) => (before + key).slice(0, MOST));
  const erase = () => setPressed((before) => before.slice(0, -1));
  const use = (keys: string) => {
    onKeys(keys);
    onClose();
  };
  return (
    <div
      role="group"
      aria-label={label}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Escape") onClose();
        else if (event.key === "Backspace") erase();
        else if (/^[0-9*#]$/.test(event.key)) press(event.key);
        else return;
        event.preventDefault();
      }}
      className="fade-in my-2 max-w-64 rounded-xl border border-line bg-surface p-3 shadow-card"
    >
      <div className="mb-2 flex items-center gap-1">
        <output aria-label={label} className="min-h-9 min-w-0 flex-1 truncate px-2 py-1 text-figure tabular-nums">
          {pressed === "" ? <span className="text-body text-faint">{t.walk.simulate.pressNothing}</span> : pressed}
        </output>
        <IconButton icon="chevronLeft" label={t.walk.simulate.eraseKey} disabled={pressed === ""} onClick={erase} />
      </div>
      <div className="grid grid-cols-3 gap-1.5">
        {KEYS.map((key) => (
          <button
            key={key}
            type="button"
            data-key={key}
            autoFocus={key === "1"}
            onClick={() => press(key)}
            className="flex min-h-11 flex-col items-center justify-center rounded-lg bg-sunken leading-tight transition-colors hover:bg-hover active:bg-accent-soft"
          >
            <span className="text-lead font-medium tabular-nums">{key}</span>
            <span aria-hidden="true" className="h-3 text-[0.625rem] leading-3 tracking-wider text-faint">
              {LETTERS[key]}
            </span>
          </button>
        ))}
      </div>
      <div className="mt-3 flex gap-2">
        <Button look="primary" className="flex-1" onClick={() => use(pressed)}>
          {t.walk.simulate.apply}
        </Button>
        <Button className="flex-1" onClick={() => use("")}>
          {t.walk.simulate.pressNothing}
        </Button>
      </div>
    </div>
  );
}
