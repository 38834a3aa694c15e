import type { SelectHTMLAttributes } from "react";
import { useId } from "react";

interface SelectProps extends Omit<SelectHTMLAttributes<HTMLSelectElement>, "onChange"> {
  readonly label: string;
  readonly help?: string | undefined;
  readonly fault?: string | undefined;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly onChoose: (value: string) => void;
}

/** One of a few, labelled. */
export function Select({ label, help, fault, options, onChoose, className = "", ...select }: SelectProps) {
  const id = useId();
  const wrong = fault !== undefined && fault !== "";
  const note = wrong ? fault : help;
  return (
    <div className={`flex min-w-0 flex-col gap-1.5 ${className}`}>
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <select
        {...select}
        id={id}
        aria-invalid={wrong || undefined}
        aria-describedby={note ? `${id}-note` : undefined}
        onChange={(event) => onChoose(event.target.value)}
        className={`min-h-11 w-full rounded-lg border bg-surface px-2.5 text-lead text-ink hover:border-line-strong md:min-h-10 md:text-body ${wrong ? "border-bad-line" : "border-line-strong/60"}`}
      >
        {options.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      {note && (
        <p id={`${id}-note`} className={`text-small text-pretty ${wrong ? "text-bad" : "text-faint"}`}>
          {note}
        </p>
      )}
    </div>
  );
}
