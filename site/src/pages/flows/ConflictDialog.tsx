/** Two people have changed the same draft: both states are there, one is chosen, and the other is not lost. */
import { useState } from "react";
import { replaceWith } from "../../flow/commands.ts";
import { formatFlow } from "../../flow/transfer.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { useWorkshop } from "./context.ts";
import type { SaveState } from "./draft.ts";
import { download, fileName } from "./queries.ts";

export function ConflictDialog({ conflict, onClose }: { readonly conflict: Extract<SaveState, { is: "conflict" }>; readonly onClose: () => void }) {
  const { store, keeper } = useWorkshop();
  const [busy, setBusy] = useState(false);
  const { theirs } = conflict;
  const mine = async () => {
    setBusy(true);
    if (theirs !== undefined) download(`theirs-${fileName(theirs)}`, formatFlow(theirs));
    await keeper.resolve(store.draft);
    onClose();
  };
  const take = async () => {
    if (theirs === undefined) return;
    setBusy(true);
    // Mine is one undo away.
    store.change(t.flows.did.theirs, (now) => replaceWith(now, theirs));
    await keeper.resolve(store.draft);
    onClose();
  };
  return (
    <Dialog label={t.flows.conflictTitle} onClose={onClose}>
      <div className="flex flex-col gap-3 p-6">
        <h2 className="text-lead font-semibold">{t.flows.conflictTitle}</h2>
        <p className="text-pretty text-soft">{theirs === undefined ? t.flows.deletedHelp : t.flows.conflictHelp}</p>
        <div className="mt-2 flex flex-col gap-2">
          {theirs !== undefined && (
            <Choice title={t.flows.takeTheirs} help={t.flows.takeTheirsHelp} disabled={busy} onClick={() => void take()} />
          )}
          <Choice title={theirs === undefined ? t.flows.keepAnyway : t.flows.keepMine} help={theirs === undefined ? "" : t.flows.keepMineHelp} disabled={busy} onClick={() => void mine()} />
        </div>
        <div className="flex justify-end">
          <Button data-focus-first onClick={onClose}>
            {t.flows.decideLater}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function Choice({ title, help, disabled, onClick }: { readonly title: string; readonly help: string; readonly disabled: boolean; readonly onClick: () => void }) {
  return (
    <button type="button" disabled={disabled} onClick={onClick} className="rounded-xl border border-line px-4 py-3 text-left hover:border-line-strong hover:bg-hover disabled:opacity-55">
      <span className="block font-medium">{title}</span>
      {help !== "" && <span className="block text-small text-pretty text-soft">{help}</span>}
    </button>
  );
}
