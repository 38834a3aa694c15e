/** What can be done with several extensions at once. Each is written on its own; what fails is said. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { changeExtension } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import type { Data } from "../../forms/json.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import { useRenew } from "../../records/data.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { useSay } from "../../ui/toasts.tsx";

interface BulkBarProps {
  readonly numbers: readonly string[];
  readonly onDone: () => void;
}

export function BulkBar({ numbers, onDone }: BulkBarProps) {
  const [changing, setChanging] = useState(false);
  const change = useBulkChange(numbers, () => {
    setChanging(false);
    onDone();
  });
  return (
    <div className="sticky bottom-20 z-20 mt-4 flex flex-wrap items-center gap-2 rounded-2xl border border-line bg-surface px-4 py-3 shadow-float md:bottom-4">
      <span role="status" className="mr-auto font-medium">
        {t.records.phone.selected(numbers.length)}
      </span>
      <Button busy={change.isPending} onClick={() => change.mutate({ enabled: true })}>
        {t.records.phone.enable}
      </Button>
      <Button busy={change.isPending} onClick={() => change.mutate({ enabled: false })}>
        {t.records.phone.disable}
      </Button>
      <Button look="primary" busy={change.isPending} onClick={() => setChanging(true)}>
        {t.records.phone.change}
      </Button>
      <IconButton icon="close" label={t.common.cancel} onClick={onDone} />
      {changing && <ChangeDialog numbers={numbers} busy={change.isPending} onClose={() => setChanging(false)} onChange={(fields) => change.mutate(fields)} />}
    </div>
  );
}

function useBulkChange(numbers: readonly string[], onDone: () => void) {
  const say = useSay();
  const renew = useRenew();
  return useMutation({
    mutationFn: async (fields: Data) => {
      const faults: unknown[] = [];
      for (const number of numbers) await changeExtension(number, fields).catch((fault: unknown) => faults.push(fault));
      return faults;
    },
    onSuccess: async (faults) => {
      const done = numbers.length - faults.length;
      if (done > 0) say(t.records.phone.changed(done));
      if (faults.length > 0) say(t.records.phone.failed(faults.length, faultWords(faults[0], t)));
      await renew();
      onDone();
    },
  });
}

/** What several people may have in common. */
const FIELDS = ["ring_timeout_s", "may_call", "outside_number", "pickup_group", "call_waiting", "location", "record", "record_keep_days"] as const;
const ALL = ["number", "name", "enabled", "do_not_disturb", "forward", "follow_me", "mailbox", "sip_password", ...FIELDS];

interface ChangeDialogProps {
  readonly numbers: readonly string[];
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onChange: (fields: Data) => void;
}

function ChangeDialog({ numbers, busy, onClose, onChange }: ChangeDialogProps) {
  const [fields, setFields] = useState<readonly string[]>([]);
  return (
    <Dialog shape="wide" label={t.records.phone.changeTitle(numbers.length)} onClose={onClose}>
      <DrawerHead title={t.records.phone.changeTitle(numbers.length)} lead={t.records.phone.changeLead} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto p-5">
        <div className="mb-6 flex flex-wrap gap-x-5 gap-y-2">
          {FIELDS.map((field) => (
            <label key={field} className="flex min-h-8 cursor-pointer items-center gap-2">
              <input
                type="checkbox"
                checked={fields.includes(field)}
                onChange={(event) => setFields(FIELDS.filter((each) => (each === field ? event.target.checked : fields.includes(each))))}
                className="size-4 accent-accent"
              />
              {t.records.phone.fields[field]}
            </label>
          ))}
        </div>
        {fields.length > 0 && (
          <SchemaForm
            key={fields.join(" ")}
            write="ExtensionWrite"
            partial
            omit={ALL.filter((each) => !fields.includes(each))}
            layout={{ sections: [{ fields }] }}
            onSubmit={onChange}
          >
            {() => (
              <div className="mt-6 flex justify-end gap-2">
                <Button onClick={onClose}>{t.common.cancel}</Button>
                <Button type="submit" look="primary" busy={busy}>
                  {t.common.save}
                </Button>
              </div>
            )}
          </SchemaForm>
        )}
      </div>
    </Dialog>
  );
}
