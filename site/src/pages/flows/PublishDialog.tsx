/** Makes the draft live: what is wrong first, then what has changed and why; failing tests only when told so. */
import { useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { faultWords, RequestFault } from "../../core/problem.ts";
import type { Fault } from "../../flow/types.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { useWorkshop } from "./context.ts";
import { FaultList } from "./FlowPanel.tsx";
import { FLOW_STATES, checkFlow, publishFlow } from "./queries.ts";

export function PublishDialog({ onClose }: { readonly onClose: () => void }) {
  const { faults } = useWorkshop();
  const wrong = faults.filter((fault) => !fault.warning && fault.test === null);
  return (
    <Dialog label={t.flows.publishTitle} onClose={onClose}>
      {wrong.length > 0 ? <Wrong faults={wrong} onClose={onClose} /> : <Order onClose={onClose} />}
    </Dialog>
  );
}

function Wrong({ faults, onClose }: { readonly faults: readonly Fault[]; readonly onClose: () => void }) {
  return (
    <div className="flex max-h-[80dvh] flex-col">
      <h2 className="px-6 pt-6 pb-1 text-lead font-semibold">{t.flows.notYet}</h2>
      <p className="px-6 pb-3 text-pretty text-soft">{t.flows.notYetHelp}</p>
      <div className="min-h-0 overflow-y-auto px-2" onClick={(event) => (event.target as Element).closest("[data-fault]") !== null && onClose()}>
        <FaultList faults={faults} />
      </div>
      <div className="flex justify-end px-6 py-4">
        <Button data-focus-first onClick={onClose}>
          {t.common.close}
        </Button>
      </div>
    </div>
  );
}

function Order({ onClose }: { readonly onClose: () => void }) {
  const { store, keeper } = useWorkshop();
  const client = useQueryClient();
  const say = useSay();
  const id = useId();
  const [comment, setComment] = useState("");
  const [override, setOverride] = useState(false);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<RequestFault>();
  const red = fault?.status === 422 ? fault.errors.filter((each) => each.path.endsWith(".tests")) : [];
  const others = fault?.status === 422 ? fault.errors.filter((each) => !each.path.endsWith(".tests")) : [];
  const onlyTests = red.length > 0 && others.length === 0;

  const publish = async () => {
    setBusy(true);
    setFault(undefined);
    try {
      await keeper.save();
      const { number } = store.draft;
      const revision = await publishFlow(number, keeper.etag, { comment: comment.trim(), override });
      store.set({ stored: store.get().stored + 1 });
      say(t.flows.published(revision.revision));
      void client.invalidateQueries({ queryKey: FLOW_STATES });
      onClose();
    } catch (caught) {
      if (!(caught instanceof RequestFault)) throw caught;
      setFault(caught);
      if (caught.status === 422) {
        const { faults } = await checkFlow(store.draft.number).catch(() => ({ faults: [] }));
        store.set({ checked: { flow: store.draft, faults } });
      }
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="flex flex-col gap-4 p-6"
      onSubmit={(event) => {
        event.preventDefault();
        void publish();
      }}
    >
      <div>
        <h2 className="text-lead font-semibold">{t.flows.publishTitle}</h2>
        <p className="text-pretty text-soft">{t.flows.publishHelp(store.draft.tests.length)}</p>
      </div>
      <div className="flex flex-col gap-1.5">
        <label htmlFor={id} className="font-medium">
          {t.flows.comment}
        </label>
        <textarea
          id={id}
          data-focus-first
          rows={3}
          maxLength={500}
          value={comment}
          placeholder={t.flows.commentHelp}
          onChange={(event) => setComment(event.target.value)}
          className="block w-full rounded-lg border border-line-strong/60 bg-surface px-3 py-2 placeholder:text-faint"
        />
      </div>
      {fault !== undefined && (
        <Notice tone="bad" alert>
          <p className="font-medium">{onlyTests ? t.flows.testsFail(red.length) : fault.status === 409 ? t.flows.liveAlready : faultWords(fault, t)}</p>
          {fault.errors.length > 0 && (
            <ul className="mt-1 list-disc pl-4 text-small">
              {fault.errors.map((each, index) => (
                <li key={index}>{each.message}</li>
              ))}
            </ul>
          )}
        </Notice>
      )}
      {onlyTests && (
        <label className="flex items-start gap-2.5">
          <input type="checkbox" className="mt-1 size-4 accent-(--accent)" checked={override} onChange={(event) => setOverride(event.target.checked)} />
          <span>
            <span className="block font-medium">{t.flows.override}</span>
            <span className="block text-small text-soft">{t.flows.overrideHelp}</span>
          </span>
        </label>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{t.common.cancel}</Button>
        <Button type="submit" look={override ? "danger" : "primary"} busy={busy} disabled={onlyTests && !override}>
          {busy ? t.flows.publishing : t.flows.publish}
        </Button>
      </div>
    </form>
  );
}
