import { useMutation } from "@tanstack/react-query";
import { createExtension } from "../../api/queries.ts";
import { RequestFault, faultWords, faultsByField } from "../../core/problem.ts";
import { initialValues } from "../../core/schema.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { RecordForm } from "../../ui/RecordForm.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { extensionFields } from "./fields.ts";
import { useUnsavedGuard } from "../../ui/unsaved.tsx";

interface NewPhoneProps {
  readonly onClose: () => void;
  readonly onCreated: (number: string) => void;
}

const FIELDS = extensionFields(["enabled"]);
const INITIAL = initialValues(FIELDS);
const HELPS = { sip_password: t.phones.passwordMadeUp };

export function NewPhone({ onClose, onCreated }: NewPhoneProps) {
  const say = useSay();
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  const creation = useMutation({
    mutationFn: createExtension,
    onSuccess: (extension) => {
      say(t.phones.created(extension.number));
      onCreated(extension.number);
    },
  });
  const taken = creation.error instanceof RequestFault && creation.error.status === 409;
  return (
    <Dialog shape="side" label={t.phones.newTitle} onClose={tryClose}>
      <DrawerHead title={t.phones.newTitle} lead={t.phones.newLead} onClose={tryClose} />
      <div className="min-h-0 flex-1 overflow-y-auto p-5">
        <RecordForm
          fields={FIELDS}
          initial={INITIAL}
          helps={HELPS}
          focusFirst
          nodeFaults={taken ? { number: t.form.taken } : faultsByField(creation.error)}
          onDirty={setDirty}
          onSubmit={(record) => creation.mutate(record)}
        >
          {({ faulty }) => (
            <>
              {creation.error !== null && !taken && (
                <Notice tone="bad" alert>
                  {faultWords(creation.error, t)}
                </Notice>
              )}
              {faulty && <p className="text-small text-bad">{t.form.fixErrors}</p>}
              <div className="mt-2 flex justify-end gap-2">
                <Button onClick={tryClose}>{t.common.cancel}</Button>
                <Button type="submit" look="primary" busy={creation.isPending}>
                  {creation.isPending ? t.phones.creating : t.phones.create}
                </Button>
              </div>
            </>
          )}
        </RecordForm>
      </div>
      {question}
    </Dialog>
  );
}
