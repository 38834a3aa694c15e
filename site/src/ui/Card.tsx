import type { ReactNode } from "react";
import { useId } from "react";

interface CardProps {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  readonly className?: string;
}

/** A titled region of a page. */
export function Card({ title, aside, children, className = "" }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={id}
      className={`min-w-0 overflow-hidden rounded-2xl border border-line bg-surface shadow-card ${className}`}
    >
      <header className="flex min-h-13 items-center justify-between gap-3 px-4 pt-1 sm:px-5">
        <h2 id={id} className="text-body font-semibold">
          {title}
        </h2>
        {aside}
      </header>
      {children}
    </section>
  );
}
