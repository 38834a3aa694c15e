import type { InputHTMLAttributes, ReactNode } from "react";
import { useId } from "react";

/** How anything looks that is typed into. */
export const BOX =
  "block w-full min-h-11 rounded-lg border bg-surface px-3 py-2 text-lead text-ink placeholder:text-faint/70 disabled:opacity-60 md:min-h-10 md:text-body";

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string;
  readonly help?: string;
  readonly fault?: string | undefined;
  /** A word behind the value ("seconds"). */
  readonly unit?: string;
  /** For numbers of a few digits. */
  readonly narrow?: boolean;
  /** Something inside the box at its end, such as a reveal button. */
  readonly adornment?: ReactNode;
}

/** One labelled input with its help and its fault, tied together for screen readers. */
export function Field({ label, help, fault, unit, narrow = false, adornment, ...input }: FieldProps) {
  const id = useId();
  const wrong = fault !== undefined && fault !== "";
  const note = wrong ? fault : help;
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <div className="flex items-center gap-2">
        <span className={`relative min-w-0 ${narrow ? "w-24 tabular-nums" : "flex-1"}`}>
          <input
            {...input}
            id={id}
            aria-invalid={wrong || undefined}
            aria-describedby={note ? `${id}-note` : undefined}
            className={`${BOX} ${wrong ? "border-bad-line" : "border-line-strong/60 hover:border-line-strong"} ${adornment ? "pr-11" : ""}`}
          />
          {adornment !== undefined && (
            <span className="absolute inset-y-0 right-0.5 flex items-center">{adornment}</span>
          )}
        </span>
        {unit !== undefined && unit !== "" && <span className="text-soft">{unit}</span>}
      </div>
      {note && (
        <p id={`${id}-note`} className={`text-small text-pretty ${wrong ? "text-bad" : "text-faint"}`}>
          {note}
        </p>
      )}
    </div>
  );
}

interface SwitchProps {
  readonly label: string;
  readonly help?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function Switch({ label, help, checked, disabled = false, onChange }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div>
        <span id={id} className="font-medium">
          {label}
        </span>
        {help !== undefined && (
          <p id={`${id}-help`} className="text-small text-pretty text-faint">
            {help}
          </p>
        )}
      </div>
      <button
        type="button"
        role="switch"
        aria-checked={checked}
        aria-labelledby={id}
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        disabled={disabled}
        onClick={() => onChange(!checked)}
        className={`relative mt-0.5 h-6 w-11 shrink-0 rounded-full border transition-colors disabled:opacity-55 ${checked ? "border-accent bg-accent" : "border-line-strong bg-sunken"}`}
      >
        <span
          className={`absolute top-0.5 left-0.5 size-4.5 rounded-full transition-transform ${checked ? "translate-x-5 bg-on-accent" : "bg-line-strong"}`}
        />
      </button>
    </div>
  );
}
