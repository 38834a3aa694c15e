import { p } from "../text/phone.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { DrawerHead } from "../ui/DrawerHead.tsx";
import { KeyList, type KeyRow } from "../ui/KeyList.tsx";

const ROWS: readonly KeyRow[] = [
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
      <KeyList rows={ROWS} className="min-h-0 overflow-y-auto px-5 py-4" />
    </Dialog>
  );
}
