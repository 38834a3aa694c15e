/** Every key of the editor on one sheet. */
import { t } from "../../text/index.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";

const KEYS = [
  ["add", "N"], ["open", "Enter"], ["along", "← → ↑ ↓"], ["nudge", "Alt ← → ↑ ↓"], ["remove", "Del · ⌫"],
  ["undo", "Ctrl Z"], ["redo", "Ctrl Y"], ["copy", "Ctrl C"], ["cut", "Ctrl X"], ["paste", "Ctrl V"], ["duplicate", "Ctrl D"],
  ["all", "Ctrl A"], ["box", "Shift"], ["find", "Ctrl F"], ["fit", "F"], ["tidy", "L"], ["note", "T"], ["list", "V"], ["save", "Ctrl S"], ["nothing", "Esc"], ["sheet", "?"],
] as const;

export function ShortcutSheet({ onClose }: { readonly onClose: () => void }) {
  const mac = navigator.userAgent.includes("Mac");
  return (
    <Dialog label={t.flows.shortcuts} onClose={onClose} shape="side">
      <DrawerHead title={t.flows.shortcuts} onClose={onClose} />
      <dl tabIndex={0} aria-label={t.flows.shortcuts} className="grid min-h-0 flex-1 grid-cols-[1fr_auto] content-start gap-x-6 gap-y-2.5 overflow-y-auto px-5 py-4">
        {KEYS.map(([name, keys]) => (
          <div key={name} className="contents">
            <dt>{t.flows.keys[name]}</dt>
            <dd className="text-right">
              {keys.split(" ").map((key) => (
                <kbd key={key} className="ml-1 inline-block min-w-6 rounded-md border border-line bg-sunken px-1.5 text-center font-sans text-label leading-6 text-soft">
                  {mac ? key.replace("Ctrl", "⌘").replace("Alt", "⌥") : key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
