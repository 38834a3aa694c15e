/** Every key that does something, in one sheet. */
import { t } from "../text/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { DrawerHead } from "../ui/DrawerHead.tsx";
import { KeyList, type KeyRow } from "../ui/KeyList.tsx";
import { JUMPS } from "./keys.ts";
import { GROUPS } from "./nav.ts";

export function Shortcuts({ onClose }: { readonly onClose: () => void }) {
  const pages = GROUPS.flatMap((group) => group.items);
  const general: readonly KeyRow[] = [
    [[t.shell.ctrl, "K"], t.shell.search],
    [["/"], t.shell.keySearchPage],
    [["["], t.shell.keySideBar],
    [["?"], t.shell.shortcuts],
    [["Esc"], t.shell.keyClose],
  ];
  return (
    <Dialog label={t.shell.shortcuts} onClose={onClose}>
      <DrawerHead title={t.shell.shortcuts} onClose={onClose} />
      <div className="min-h-0 overflow-y-auto px-5 py-4">
        <KeyList rows={general} />
        <h3 className="mt-5 mb-2 font-semibold">{t.shell.keyJumps}</h3>
        <KeyList rows={JUMPS.map(([key, to]) => [["g", key], pages.find((page) => page.to === to)?.label ?? to])} />
      </div>
    </Dialog>
  );
}
