import { p } from "../text/phone.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { DrawerHead } from "../ui/DrawerHead.tsx";

const ROWS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [["↵"], p.keys.enter],
  [["Esc"], p.keys.escape],
  [[p.keys.spaceKey, "m"], p.keys.space],
  [["h"], p.keys.h],
  [["t"], p.keys.t],
  [["p"], p.keys.p],
  [["n"], p.keys.n],
  [["x"], p.keys.x],
  [["0–9", "*", "#"], p.keys.digits],
  [["?"], p.keys.question],
];

/** Every key of the phone. */
export function KeySheet({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog label={p.keys.title} onClose={onClose}>
      <DrawerHead title={p.keys.title} onClose={onClose} />
      <dl className="flex min-h-0 flex-col gap-1.5 overflow-y-auto px-5 py-4">
        {ROWS.map(([keys, what]) => (
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
    </Dialog>
  );
}
