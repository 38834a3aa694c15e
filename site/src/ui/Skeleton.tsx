import { t } from "../text/index.ts";

/** Grey lines where rows will be, for the moment before the first answer. */
export function Skeleton({ rows = 3 }: { readonly rows?: number }) {
  return (
    <div role="status" className="flex flex-col gap-4 px-5 py-5">
      <span className="sr-only">{t.common.loading}</span>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} aria-hidden="true" className="flex gap-4">
          <span className="h-4 w-1/4 rounded bg-sunken" />
          <span className="h-4 flex-1 rounded bg-sunken" />
          <span className="h-4 w-1/6 rounded bg-sunken" />
        </div>
      ))}
    </div>
  );
}
