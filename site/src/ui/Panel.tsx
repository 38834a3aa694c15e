import type { ReactNode } from "react";

/** The white sheet a list lies on. */
export function Panel({ label, children, className = "" }: { readonly label: string; readonly children: ReactNode; readonly className?: string }) {
  return (
    <section aria-label={label} className={`overflow-hidden rounded-2xl border border-line bg-surface shadow-card ${className}`}>
      {children}
    </section>
  );
}
