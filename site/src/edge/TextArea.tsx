/** A labelled box for several lines. */
import type { Ref, TextareaHTMLAttributes } from "react";
import { useId } from "react";
import { BOX } from "../ui/Field.tsx";

interface TextAreaProps extends TextareaHTMLAttributes<HTMLTextAreaElement> {
  readonly label: string;
  readonly labelHidden?: boolean;
  readonly help?: string | undefined;
  readonly fault?: string | undefined;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

export function TextArea({ label, labelHidden = false, help, fault, ref, className = "", ...rest }: TextAreaProps) {
  const id = useId();
  const wrong = fault !== undefined && fault !== "";
  const note = wrong ? fault : help;
  return (
    <div className="flex min-w-0 flex-1 flex-col gap-1.5">
      <label htmlFor={id} className={labelHidden ? "sr-only" : "font-medium"}>
        {label}
      </label>
      <textarea
        {...rest}
        ref={ref}
        id={id}
        aria-invalid={wrong || undefined}
        aria-describedby={note === undefined ? undefined : `${id}-note`}
        className={`${BOX} ${wrong ? "border-bad-line" : "border-line-strong/60 hover:border-line-strong"} ${className}`}
      />
      {note !== undefined && note !== "" && (
        <p id={`${id}-note`} className={`text-small text-pretty ${wrong ? "text-bad" : "text-faint"}`}>
          {note}
        </p>
      )}
    </div>
  );
}
