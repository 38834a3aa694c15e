/** Who gets it: a pasted list or a spreadsheet, and in plain words what is wrong with some of it. */
import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { base64 } from "../../core/campaign.ts";
import { previewQuery } from "../../edge/campaigns.ts";
import { TextArea } from "../../edge/TextArea.tsx";
import type { Campaign, CampaignPreview } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import type { Draft, Put } from "./Wizard.tsx";

const MOST_BYTES = 15 << 20;

interface StepProps {
  readonly value: Draft;
  readonly draft: Campaign | undefined;
  readonly busy: boolean;
  readonly onPut: Put;
  readonly onCheck: () => void;
}

export function PeopleStep({ value, draft, busy, onPut, onCheck }: StepProps) {
  const replacing = value.recipients !== undefined || value.file !== undefined || draft === undefined || draft.people === 0;
  return (
    <div className="flex flex-col gap-5">
      <Field label={e.campaigns.name} help={e.campaigns.nameHelp} value={value.name} maxLength={100} required onChange={(event) => onPut({ name: event.target.value })} />
      {replacing ? (
        <ListBox value={value} onPut={onPut} />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-line px-4 py-3">
          <span className="font-medium">{e.campaigns.people(draft.people)}</span>
          <Button onClick={() => onPut({ recipients: "" })}>{e.campaigns.replaceList}</Button>
        </div>
      )}
      {(value.recipients ?? "") !== "" || value.file !== undefined ? (
        <Button className="self-start" busy={busy} disabled={value.name.trim() === ""} onClick={onCheck}>
          {e.campaigns.check}
        </Button>
      ) : (
        draft !== undefined && draft.people > 0 && <Checked id={draft.id} />
      )}
      {draft?.people === 0 && !busy && <Checked id={draft.id} />}
    </div>
  );
}

function ListBox({ value, onPut }: { readonly value: Draft; readonly onPut: Put }) {
  const input = useRef<HTMLInputElement>(null);
  const [fault, setFault] = useState("");
  const [chosen, setChosen] = useState("");
  const [over, setOver] = useState(false);
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    if (file.size > MOST_BYTES) { setFault(e.campaigns.tooLarge); return; }
    if (/\.(xlsx?|ods|numbers)$/i.test(file.name)) { setFault(e.campaigns.notCsv); return; }
    setFault("");
    setChosen(file.name);
    onPut({ file: base64(new Uint8Array(await file.arrayBuffer())), recipients: "" });
    if (value.name === "") onPut({ name: file.name.replace(/\.\w+$/, "") });
  };
  return (
    <div
      className={`flex flex-col gap-3 rounded-xl ${over ? "outline-2 outline-accent" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        void take(event.dataTransfer.files[0]);
      }}
    >
      {value.file === undefined ? (
        <TextArea
          label={e.campaigns.list}
          help={e.campaigns.listHelp}
          rows={8}
          spellCheck={false}
          placeholder={"+1 202 555 0123\nJane Smith, (202) 555-0199"}
          className="font-mono text-small"
          value={value.recipients ?? ""}
          onChange={(event) => onPut({ recipients: event.target.value })}
        />
      ) : (
        <div className="flex flex-wrap items-center justify-between gap-3 rounded-xl border border-line px-4 py-3">
          <span className="font-medium">{chosen}</span>
          <Button
            onClick={() => {
              setChosen("");
              onPut({ file: undefined as unknown as string, recipients: "" });
            }}
          >
            {e.campaigns.removeFile}
          </Button>
        </div>
      )}
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv,text/plain,.txt"
        hidden
        aria-label={e.campaigns.file}
        onChange={(event) => {
          void take(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <div className="flex flex-wrap items-center gap-3">
        <Button icon="upload" onClick={() => input.current?.click()}>
          {e.campaigns.file}
        </Button>
        <span className="text-small text-faint">{e.campaigns.fileHelp}</span>
      </div>
      {fault !== "" && (
        <p role="alert" className="text-small text-bad">
          {fault}
        </p>
      )}
    </div>
  );
}

function Checked({ id }: { readonly id: string }) {
  const { data } = useQuery(previewQuery(id));
  return data === undefined ? null : <ListReport preview={data} />;
}

export function ListReport({ preview }: { readonly preview: CampaignPreview }) {
  const [all, setAll] = useState(false);
  const shown = all ? preview.faults : preview.faults.slice(0, 6);
  return (
    <div data-report className="flex flex-col gap-3 rounded-xl bg-canvas p-4">
      <div className="flex flex-wrap gap-2">
        <StatusMark tone={preview.people > 0 ? "good" : "bad"}>{e.campaigns.willGet(preview.people)}</StatusMark>
        {preview.duplicates > 0 && <StatusMark tone="plain">{e.campaigns.duplicates(preview.duplicates)}</StatusMark>}
        {preview.opted_out > 0 && <StatusMark tone="plain">{e.campaigns.optedOut(preview.opted_out)}</StatusMark>}
        {preview.wrong > 0 && <StatusMark tone="warn">{e.campaigns.wrong(preview.wrong)}</StatusMark>}
      </div>
      {preview.fields.length > 0 && <p className="text-small text-soft">{e.campaigns.columns(preview.fields.map((field) => `{${field}}`).join(" "))}</p>}
      {shown.length > 0 && (
        <ul className="flex flex-col gap-1 text-small">
          {shown.map((fault) => (
            <li key={`${fault.line} ${fault.text}`} className="flex gap-3">
              <span className="w-16 shrink-0 text-faint tabular-nums">{e.campaigns.line(fault.line)}</span>
              <span className={fault.kind === "number" ? "text-warn" : "text-soft"}>{fault.text}</span>
            </li>
          ))}
        </ul>
      )}
      {preview.faults.length > shown.length && (
        <Button look="quiet" className="self-start" onClick={() => setAll(true)}>
          {e.campaigns.allFaults(preview.faults.length)}
        </Button>
      )}
    </div>
  );
}
