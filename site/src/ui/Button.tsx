import type { ButtonHTMLAttributes } from "react";
import { Icon, type IconName } from "./Icon.tsx";

type Look = "primary" | "outline" | "quiet" | "danger";

const LOOKS: Readonly<Record<Look, string>> = {
  primary: "bg-accent text-on-accent hover:bg-accent-hover font-medium",
  outline: "border border-line bg-surface text-ink hover:bg-hover hover:border-line-strong",
  quiet: "text-soft hover:bg-hover hover:text-ink",
  danger: "bg-bad-soft text-bad border border-bad-line/40 hover:border-bad-line font-medium",
};

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly look?: Look;
  readonly icon?: IconName;
  /** Sending: it cannot be pressed again, and says so to screen readers. */
  readonly busy?: boolean;
  /** Where the focus goes when a dialog opens. */
  readonly "data-focus-first"?: boolean;
}

export function Button({ look = "outline", icon, busy = false, className = "", children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      disabled={busy || rest.disabled}
      className={`inline-flex min-h-10 items-center justify-center gap-2 rounded-lg px-3.5 text-body whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:opacity-55 md:min-h-9 ${LOOKS[look]} ${className}`}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly icon: IconName;
  readonly label: string;
}

/** A button that is only an icon: its label is read aloud and shown on hover. */
export function IconButton({ icon, label, className = "", ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`inline-flex size-10 items-center justify-center rounded-lg text-soft transition-colors hover:bg-hover hover:text-ink disabled:opacity-50 md:size-9 ${className}`}
    >
      <Icon name={icon} className="size-[1.125rem]" />
    </button>
  );
}
