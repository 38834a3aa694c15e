/** What they get: the text with the columns of the list, how long it is, and how the first of them will read it. */
import { useQuery } from "@tanstack/react-query";
import { useRef } from "react";
import { readable } from "../../core/outside.ts";
import { previewQuery } from "../../edge/campaigns.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { numbersQuery } from "../../edge/numbers.ts";
import { SegmentCount } from "../../edge/SegmentCount.tsx";
import { TextArea } from "../../edge/TextArea.tsx";
import type { Campaign, CampaignPreview } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";
import type { Draft, Put } from "./Wizard.tsx";

interface WordsStepProps {
  readonly value: Draft;
  readonly draft: Campaign | undefined;
  readonly busy: boolean;
  readonly onPut: Put;
  readonly onCheck: () => void;
}

export function WordsStep({ value, draft, busy, onPut, onCheck }: WordsStepProps) {
  const box = useRef<HTMLTextAreaElement>(null);
  const { data: numbers } = useQuery({ ...numbersQuery({}), enabled: useMay("numbers:read") });
  const { data: preview, error } = useQuery({ ...previewQuery(draft?.id ?? ""), enabled: value.text === draft?.text });
  const insert = (field: string) => {
    const at = box.current?.selectionStart ?? value.text.length;
    onPut({ text: `${value.text.slice(0, at)}{${field}}${value.text.slice(at)}` });
    box.current?.focus();
  };
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <Select
          label={e.campaigns.from}
          help={e.campaigns.fromHelp}
          value={value.from_number}
          onChoose={(from_number) => onPut({ from_number })}
          options={[
            ["", e.campaigns.tollFree],
            ...(numbers?.items ?? []).map((each) => [each.number, readable(each.number)] as const),
            ...(value.from_number !== "" && (numbers?.items ?? []).every((each) => each.number !== value.from_number) ? [[value.from_number, readable(value.from_number)] as const] : []),
          ]}
        />
        <TextArea ref={box} label={e.campaigns.text} help={e.campaigns.textHelp} rows={7} maxLength={1600} value={value.text} onChange={(event) => onPut({ text: event.target.value })} />
        <div className="flex flex-wrap items-center justify-between gap-2">
          <span className="flex flex-wrap gap-1.5">
            {(draft?.fields ?? []).map((field) => (
              <button
                key={field}
                type="button"
                onClick={() => insert(field)}
                className="min-h-8 rounded-full border border-dashed border-line-strong/60 px-3 font-mono text-small text-soft hover:border-accent hover:text-accent"
              >
                {`{${field}}`}
              </button>
            ))}
          </span>
          <SegmentCount text={value.text} />
        </div>
        <Switch label={e.campaigns.marketing} help={e.campaigns.marketingHelp} checked={value.marketing} onChange={(marketing) => onPut({ marketing })} />
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        <h3 className="font-semibold">{e.campaigns.previewTitle}</h3>
        {value.text.trim() === "" ? (
          <p className="text-soft">{e.campaigns.previewEmpty}</p>
        ) : error !== null && value.text === draft?.text ? (
          <Notice tone="bad" alert>
            {edgeFaultWords(error)}
          </Notice>
        ) : value.text !== draft?.text || preview === undefined ? (
          <Button className="self-start" busy={busy} onClick={onCheck}>
            {e.campaigns.showPreview}
          </Button>
        ) : (
          <Samples preview={preview} />
        )}
      </div>
    </div>
  );
}

export function Samples({ preview }: { readonly preview: CampaignPreview }) {
  return (
    <>
      <ul className="flex flex-col gap-3">
        {preview.samples.map((sample) => (
          <li key={sample.number} data-sample={sample.number}>
            <p className="mb-1 text-label text-faint">
              {sample.name === "" ? readable(sample.number) : `${sample.name} · ${readable(sample.number)}`} · {e.campaigns.parts(sample.segments)}
            </p>
            <p className="max-w-80 rounded-2xl rounded-bl-md border border-line bg-canvas px-3.5 py-2 break-words whitespace-pre-wrap">{sample.text}</p>
          </li>
        ))}
      </ul>
      {preview.costly_letters !== "" && <Notice tone="warn">{e.campaigns.costly(preview.costly_letters)}</Notice>}
    </>
  );
}
