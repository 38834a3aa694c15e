/** Extensions as a table: taken out, changed in a spreadsheet, and brought back after a look at what would happen. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request, requestRaw } from "../../api/client.ts";
import { adviceOf, faultWords, sentence } from "../../core/problem.ts";
import { useRenew } from "../../records/data.ts";
import type { DocumentPlan } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";

const LONGEST_MS = 60_000;

function send(file: Blob, dry: boolean): Promise<DocumentPlan> {
  const body = new Blob([file], { type: "text/csv" });
  return request("/extensions/csv", { method: "POST", body, query: dry ? { dry_run: "true" } : {}, timeoutMs: LONGEST_MS });
}

async function download(): Promise<void> {
  const answer = await requestRaw("/extensions.csv");
  const address = URL.createObjectURL(await answer.blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = "extensions.csv";
  link.click();
  URL.revokeObjectURL(address);
}

export function CsvDialog({ onClose }: { readonly onClose: () => void }) {
  const say = useSay();
  const renew = useRenew();
  const [file, setFile] = useState<File>();
  const export_ = useMutation({ mutationFn: download });
  const plan = useMutation({ mutationFn: (chosen: File) => send(chosen, true) });
  const apply = useMutation({
    mutationFn: (chosen: File) => send(chosen, false),
    onSuccess: async () => {
      say(t.records.phone.csvApplied);
      await renew();
      onClose();
    },
  });
  const fault = export_.error ?? plan.error ?? apply.error;
  const section = plan.data?.sections.find((each) => each.kind === "extension" || each.kind === "extensions");
  return (
    <Dialog shape="wide" label={t.records.phone.csvTitle} onClose={onClose}>
      <DrawerHead title={t.records.phone.csvTitle} lead={t.records.phone.csvLead} onClose={onClose} />
      <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-5">
        <div>
          <Button icon="download" busy={export_.isPending} onClick={() => export_.mutate()}>
            {t.records.phone.csvDownload}
          </Button>
        </div>
        <label className="flex flex-col gap-1.5">
          <span className="font-medium">{t.records.phone.csvChoose}</span>
          <input
            type="file"
            accept=".csv,text/csv"
            onChange={(event) => {
              const chosen = event.target.files?.[0];
              setFile(chosen);
              if (chosen !== undefined) plan.mutate(chosen);
            }}
            className="rounded-lg border border-line-strong/60 px-3 py-2 file:mr-3 file:rounded-md file:border-0 file:bg-sunken file:px-3 file:py-1 file:text-ink"
          />
        </label>
        <div role="status" className="flex flex-col gap-3">
          {plan.isPending && <p className="text-soft">{t.records.phone.csvReading}</p>}
          {plan.data !== undefined && plan.data.faults.length > 0 && (
            <div className="rounded-xl bg-bad-soft px-3.5 py-2.5">
              <p className="mb-1 font-medium text-bad">{t.records.phone.csvFaults}</p>
              <ul className="list-disc pl-5">
                {plan.data.faults.map((each) => (
                  <li key={`${each.path} ${each.message}`}>{ofLine(each)}</li>
                ))}
              </ul>
            </div>
          )}
          {section !== undefined && plan.data?.faults.length === 0 && (
            <ul className="flex flex-col gap-1">
              {section.create.length > 0 && <li>{t.records.phone.csvCreate(section.create.length)}: {few(section.create)}</li>}
              {section.change.length > 0 && <li>{t.records.phone.csvChange(section.change.length)}: {few(section.change.map((each) => `${each.key} (${each.fields.join(", ")})`))}</li>}
              {section.unchanged.length > 0 && <li className="text-soft">{t.records.phone.csvSame(section.unchanged.length)}</li>}
              {plan.data.changes === 0 && <li>{t.records.phone.csvNothing}</li>}
            </ul>
          )}
        </div>
        {fault !== null && (
          <Notice tone="bad" alert>
            {faultWords(fault, t)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button
            look="primary"
            busy={apply.isPending}
            disabled={file === undefined || plan.data === undefined || plan.data.faults.length > 0 || plan.data.changes === 0}
            onClick={() => file !== undefined && apply.mutate(file)}
          >
            {t.records.phone.csvApply}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** "Line 21: What is dialled to reach it: 2 to 10 digits": the column stands in the path. */
function ofLine(fault: DocumentPlan["faults"][number]): string {
  const column = /^\$\.extensions\[\d+\]\.(\w+)/.exec(fault.path)?.[1];
  const words = sentence(adviceOf({ ...fault }, (english) => t.records.schema[english] ?? english));
  return column === undefined ? words : words.replace(": ", ` (${column}): `);
}

const FEW = 12;

function few(keys: readonly string[]): string {
  return keys.length > FEW ? t.records.list.andMore(keys.slice(0, FEW).join(", "), keys.length - FEW) : keys.join(", ");
}
