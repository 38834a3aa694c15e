/** A state as shape, word and colour together, so that none of the three has to carry it alone. */
import type { ReactNode } from "react";

export type Tone = "good" | "warn" | "bad" | "plain" | "live";

const COLOURS: Readonly<Record<Tone, string>> = {
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  plain: "bg-sunken text-soft",
  live: "bg-accent-soft text-accent",
};

/** Filled disc, half disc, triangle, ring, double ring: told apart without colour. */
const SHAPES: Readonly<Record<Tone, ReactNode>> = {
  good: <circle cx="5" cy="5" r="4" fill="currentColor" />,
  warn: (
    <>
      <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.2" />
      <path d="M5 1.6a3.4 3.4 0 0 1 0 6.8Z" fill="currentColor" />
    </>
  ),
  bad: <path d="M5 .8 9.6 9H.4Z" fill="currentColor" />,
  plain: <circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" strokeWidth="1.4" />,
  live: (
    <>
      <circle cx="5" cy="5" r="4.3" fill="none" stroke="currentColor" strokeWidth="1" />
      <circle cx="5" cy="5" r="2" fill="currentColor" />
    </>
  ),
};

export function StatusMark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  return (
    <span
      className={`inline-flex min-h-6 items-center gap-1.5 rounded-full py-0.5 pr-2.5 pl-2 text-label font-medium ${COLOURS[tone]}`}
    >
      <StatusShape tone={tone} />
      <span>{children}</span>
    </span>
  );
}

export function StatusShape({ tone, className = "size-2.5" }: { readonly tone: Tone; readonly className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 10 10" className={`shrink-0 ${className}`}>
      {SHAPES[tone]}
    </svg>
  );
}
