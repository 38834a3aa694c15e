import { useMutation } from "@tanstack/react-query";
import { RequestFault, faultWords, type FieldFault } from "../../core/problem.ts";
import type { Data } from "../../forms/json.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import { useSource } from "../../office/source.ts";
import { useRenew } from "../../records/data.ts";
import { textOf } from "../../records/references.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { useUnsavedGuard } from "../../ui/unsaved.tsx";

interface NewPhoneProps {
  readonly draft: Data;
  readonly onClose: () => void;
  readonly onCreated: (number: string) => void;
}

const TAKEN: readonly FieldFault[] = [{ path: "$.number", message: t.form.taken }];
const NO_FAULTS: readonly FieldFault[] = [];

export function NewPhone({ draft, onClose, onCreated }: NewPhoneProps) {
  const say = useSay();
  const source = useSource();
  const renew = useRenew();
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  const creation = useMutation({
    mutationFn: (record: Data) => source.create("extension", record),
    onSuccess: async ({ record }) => {
      say(t.phones.created(textOf(record["number"])));
      onCreated(textOf(record["number"]));
      await renew();
    },
  });
  const { error } = creation;
  const refused = error instanceof RequestFault ? error : undefined;
  const faults = refused?.status === 409 ? TAKEN : (refused?.errors ?? NO_FAULTS);
  return (
    <Dialog shape="wide" label={t.phones.newTitle} onClose={tryClose}>
      <DrawerHead title={t.phones.newTitle} lead={t.phones.newLead} onClose={tryClose} />
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-5">
        <SchemaForm
          write="ExtensionWrite"
          value={draft}
          focusFirst
          omit={OMIT}
          faults={faults}
          onDirty={setDirty}
          onSubmit={(record) => creation.mutate(record)}
        >
          {({ faulty }) => (
            <div className="sticky bottom-0 -mx-5 mt-6 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-5 py-3">
              {error !== null && faults.length === 0 && (
                <Notice tone="bad" alert>
                  {faultWords(error, t)}
                </Notice>
              )}
              {faulty && <p className="mr-auto text-small text-bad">{t.form.fixErrors}</p>}
              <Button onClick={tryClose}>{t.common.cancel}</Button>
              <Button type="submit" look="primary" busy={creation.isPending}>
                {creation.isPending ? t.phones.creating : t.phones.create}
              </Button>
            </div>
          )}
        </SchemaForm>
      </div>
      {question}
    </Dialog>
  );
}

const OMIT = ["enabled"];
