import type { ReactNode } from "react";
import { useEffect } from "react";
import { t } from "../text/index.ts";

interface PageHeadProps {
  readonly title: string;
  readonly lead?: string;
  readonly children?: ReactNode;
}

export function PageHead({ title, lead, children }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · ${t.product}`;
  }, [title]);
  return (
    <header className="mb-5 flex flex-wrap items-center justify-between gap-x-6 gap-y-3">
      <div className="max-w-full min-w-0">
        <h1 className="text-title font-semibold tracking-tight hyphens-auto wrap-anywhere">{title}</h1>
        {lead !== undefined && <p className={`text-soft ${children === undefined ? "" : "max-sm:sr-only"}`}>{lead}</p>}
      </div>
      {children}
    </header>
  );
}
