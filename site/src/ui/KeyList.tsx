/** Keys, and what each does. */
export type KeyRow = readonly [keys: readonly string[], what: string];

export function KeyList({ rows, className = "" }: { readonly rows: readonly KeyRow[]; readonly className?: string }) {
  return (
    <dl className={`flex flex-col gap-1.5 ${className}`}>
      {rows.map(([keys, what]) => (
        <div key={what} className="flex min-h-8 items-center justify-between gap-4">
          <dt className="text-soft">{what}</dt>
          <dd className="flex shrink-0 gap-1">
            {keys.map((key) => (
              <kbd key={key} className="min-w-7 rounded-md border border-line bg-sunken px-1.5 py-0.5 text-center font-sans text-small">
                {key}
              </kbd>
            ))}
          </dd>
        </div>
      ))}
    </dl>
  );
}
