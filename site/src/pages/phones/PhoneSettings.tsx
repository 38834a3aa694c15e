import { useMutation } from "@tanstack/react-query";
import { useMemo } from "react";
import { changeExtension } from "../../api/queries.ts";
import { faultWords, faultsByField } from "../../core/problem.ts";
import { initialValues } from "../../core/schema.ts";
import type { Extension } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { RecordForm } from "../../ui/RecordForm.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { extensionFields } from "./fields.ts";

interface PhoneSettingsProps {
  readonly extension: Extension;
  readonly onDirty: (dirty: boolean) => void;
}

// The number is who the phone is: it does not change. On and off have a button of their own.
const FIELDS = extensionFields(["number", "enabled"]);
const HELPS = { sip_password: t.phones.passwordKeep };

export function PhoneSettings({ extension, onDirty }: PhoneSettingsProps) {
  const say = useSay();
  const initial = useMemo(
    () => initialValues(FIELDS, { name: extension.name, ring_timeout_s: extension.ring_timeout_s }),
    [extension.name, extension.ring_timeout_s],
  );
  const change = useMutation({
    mutationFn: (record: Parameters<typeof changeExtension>[1]) => changeExtension(extension.number, record),
    onSuccess: () => {
      say(t.phones.saved);
      onDirty(false);
    },
  });
  return (
    <RecordForm
      key={JSON.stringify(initial)}
      fields={FIELDS}
      initial={initial}
      helps={HELPS}
      nodeFaults={faultsByField(change.error)}
      onDirty={onDirty}
      onSubmit={(record) => change.mutate(record)}
    >
      {({ dirty }) => (
        <>
          {change.error !== null && (
            <Notice tone="bad" alert>
              {faultWords(change.error, t)}
            </Notice>
          )}
          <div className="flex justify-end">
            <Button type="submit" look="primary" disabled={!dirty} busy={change.isPending}>
              {change.isPending ? t.phones.saving : t.common.save}
            </Button>
          </div>
        </>
      )}
    </RecordForm>
  );
}
