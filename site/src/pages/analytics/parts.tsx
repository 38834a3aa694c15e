/** What the pages of figures are made of. */
import { Suspense, type ReactNode } from "react";
import { t } from "../../text/index.ts";

interface ShownProps {
  readonly tables: boolean;
  readonly table: ReactNode;
  readonly children: ReactNode;
}

/** The chart for the eye, with the same figures as a table for screen readers; or the table for all. */
export function Shown({ tables, table, children }: ShownProps) {
  if (tables) return <div className="max-h-96 overflow-auto" tabIndex={0} role="region" aria-label={t.media.analytics.table}>{table}</div>;
  return (
    <>
      <div aria-hidden="true" className="px-2 pb-4 sm:px-4">
        <Suspense fallback={<div className="h-64" />}>{children}</Suspense>
      </div>
      <div className="sr-only">{table}</div>
    </>
  );
}

export function Figure({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse justify-end rounded-2xl border border-line bg-surface px-4 py-3 shadow-card">
      <dt className="text-small text-faint">{term}</dt>
      <dd className="text-figure font-semibold tabular-nums">{children}</dd>
    </div>
  );
}
