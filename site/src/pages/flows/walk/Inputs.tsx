/** Small inputs of the panels: a choice, chips, and a row of tabs. */
import type { ReactNode } from "react";
import { useId } from "react";

const BOX =
  "block w-full min-h-11 rounded-lg border border-line-strong/60 bg-surface px-3 py-2 text-lead text-ink hover:border-line-strong md:min-h-10 md:text-body";

interface SelectProps<T extends string> {
  readonly label: string;
  /** The label is read aloud only. */
  readonly bare?: boolean;
  readonly value: T;
  readonly options: readonly (readonly [value: T, words: string])[];
  readonly onChange: (value: T) => void;
}

export function Select<T extends string>({ label, bare = false, value, options, onChange }: SelectProps<T>) {
  const id = useId();
  return (
    <div className={bare ? "" : "flex flex-col gap-1.5"}>
      <label htmlFor={id} className={bare ? "sr-only" : "font-medium"}>
        {label}
      </label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as T)} className={BOX}>
        {options.map(([each, words]) => (
          <option key={each} value={each}>
            {words}
          </option>
        ))}
      </select>
    </div>
  );
}

interface ChipProps {
  readonly pressed?: boolean;
  readonly onClick: () => void;
  readonly title?: string;
  readonly children: ReactNode;
}

export function Chip({ pressed, onClick, title, children }: ChipProps) {
  const look = pressed === true ? "border-accent bg-accent-soft text-accent" : "border-line text-soft hover:border-line-strong hover:text-ink";
  return (
    <button
      type="button"
      aria-pressed={pressed}
      title={title}
      onClick={onClick}
      className={`min-h-9 max-w-full truncate rounded-full border px-3 text-small transition-colors md:min-h-7 ${look}`}
    >
      {children}
    </button>
  );
}

interface TabsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, words: string])[];
  readonly onChange: (value: T) => void;
}

/** One of a few, side by side. */
export function Segments<T extends string>({ label, value, options, onChange }: TabsProps<T>) {
  return (
    <div role="group" aria-label={label} className="flex rounded-lg bg-sunken p-0.5">
      {options.map(([each, words]) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === value}
          onClick={() => onChange(each)}
          className={`min-h-9 min-w-0 flex-1 truncate rounded-md px-2 text-small md:min-h-8 ${each === value ? "bg-surface font-medium text-ink shadow-card" : "text-soft hover:text-ink"}`}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

interface TickProps {
  readonly label: ReactNode;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Tick({ label, checked, onChange }: TickProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2.5">
      <input
        id={id}
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-1 size-4 accent-(--accent)"
      />
      <label htmlFor={id} className="min-w-0 text-pretty">
        {label}
      </label>
    </div>
  );
}
