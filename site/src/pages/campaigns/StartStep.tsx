/** The last look: how many, for how much, for how long, what the carriers know of the number, and what stands in the way. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { localMoment } from "../../core/campaign.ts";
import { readable } from "../../core/outside.ts";
import { formatDuration, instant } from "../../core/time.ts";
import { campaignQuery, CAMPAIGNS, previewQuery, startCampaign } from "../../edge/campaigns.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { Campaign, CampaignPreview, CampaignRegistration } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Samples } from "./WordsStep.tsx";

interface StartStepProps {
  readonly draft: Campaign;
  readonly onGo: (step?: string) => void;
}

export function StartStep({ draft, onGo }: StartStepProps) {
  const query = useQuery(previewQuery(draft.id));
  return (
    <EdgeLoaded query={query} rows={6}>
      {(preview) => <Ready draft={draft} preview={preview} onGo={onGo} />}
    </EdgeLoaded>
  );
}

function Ready({ draft, preview, onGo }: StartStepProps & { readonly preview: CampaignPreview }) {
  const [later, setLater] = useState(false);
  const now = useNow();
  const [at, setAt] = useState(() => localMoment(now + 3_600_000));
  const [despite, setDespite] = useState(false);
  const say = useSay();
  const client = useQueryClient();
  const { registration } = preview;
  const start = useMutation({
    mutationFn: () => startCampaign(draft.id, { at: later ? Date.parse(instant(at)) : null, despite_registration: despite }),
    onSuccess: (campaign) => {
      say(later ? e.campaigns.scheduled : e.campaigns.started);
      client.setQueryData(campaignQuery(draft.id).queryKey, campaign);
      void client.invalidateQueries({ queryKey: CAMPAIGNS });
      onGo();
    },
  });
  const blocked = preview.blocks.length > 0 || registration.verdict === "refuse" || (registration.verdict === "ask" && !despite);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-6 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <dl className="grid grid-cols-2 gap-3">
          <Fact term={e.campaigns.peopleTerm}>{preview.people.toLocaleString(t.locale)}</Fact>
          <Fact term={e.campaigns.costTerm}>{money(preview)}</Fact>
          <Fact term={e.campaigns.timeTerm}>{preview.seconds > 0 ? formatDuration(preview.seconds, t.duration) : "–"}</Fact>
          <Fact term={e.campaigns.from}>{preview.from_number === "" ? "–" : readable(preview.from_number)}</Fact>
        </dl>
        <p className="text-small text-pretty text-faint">
          {e.campaigns.costHelp(preview.cost.segments)}
          {Object.keys(preview.cost.unpriced).length > 0 && ` ${e.campaigns.unpriced(Object.keys(preview.cost.unpriced).join(", "))}`}
        </p>
        <Registered registration={registration} despite={despite} onDespite={setDespite} />
        {preview.warnings.map((each) => (
          <Notice key={each} tone="warn">
            {each}
          </Notice>
        ))}
        {preview.blocks.length > 0 && (
          <Notice tone="bad">
            <p className="font-medium">{e.campaigns.blocked}</p>
            <ul className="mt-1 list-disc pl-4">
              {preview.blocks.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          </Notice>
        )}
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 font-medium">{e.campaigns.whenTerm}</legend>
          <Choice name="when" chosen={!later} onChoose={() => setLater(false)}>
            {e.campaigns.now}
          </Choice>
          <Choice name="when" chosen={later} onChoose={() => setLater(true)}>
            {e.campaigns.later}
          </Choice>
          {later && <Field label={e.campaigns.at} type="datetime-local" value={at} min={localMoment(now)} onChange={(event) => setAt(event.target.value)} />}
          <p className="text-small text-pretty text-faint">{preview.waiting > 0 ? e.campaigns.quietNow(preview.waiting) : e.campaigns.quiet}</p>
        </fieldset>
        {start.error !== null && (
          <Notice tone="bad" alert>
            {edgeFaultWords(start.error)}
          </Notice>
        )}
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => onGo("consent")}>{e.campaigns.backStep}</Button>
          <Button look="primary" icon="megaphone" busy={start.isPending} disabled={blocked || (later && Number.isNaN(Date.parse(at)))} onClick={() => start.mutate()}>
            {later ? e.campaigns.schedule : e.campaigns.startNow(preview.people)}
          </Button>
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-3">
        <h3 className="font-semibold">{e.campaigns.previewTitle}</h3>
        <Samples preview={preview} />
      </div>
    </div>
  );
}

function money({ cost }: CampaignPreview): string {
  const amount = Number(cost.amount);
  return Number.isFinite(amount) ? amount.toLocaleString(t.locale, { style: "currency", currency: cost.currency }) : cost.amount;
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <div className="flex flex-col-reverse justify-end rounded-xl border border-line px-3.5 py-2.5">
      <dt className="text-small text-faint">{term}</dt>
      <dd className="text-lead font-semibold tabular-nums">{children}</dd>
    </div>
  );
}

const TONES: Readonly<Record<CampaignRegistration["verdict"], Tone>> = { good: "good", ask: "warn", refuse: "bad" };

function Registered({ registration, despite, onDespite }: { readonly registration: CampaignRegistration; readonly despite: boolean; readonly onDespite: (despite: boolean) => void }) {
  return (
    <div data-registration={registration.verdict} className="flex flex-col gap-2 rounded-xl border border-line p-3.5">
      <p className="flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{e.campaigns.registration}</span>
        <StatusMark tone={TONES[registration.verdict]}>{e.campaigns.registrationStates[registration.state]}</StatusMark>
      </p>
      <p className="text-small text-pretty text-soft">{registration.words}</p>
      {registration.verdict === "ask" && (
        <label className="flex items-start gap-2.5">
          <input type="checkbox" checked={despite} onChange={(event) => onDespite(event.target.checked)} className="mt-1 size-4 accent-accent" />
          <span>{e.campaigns.despite}</span>
        </label>
      )}
    </div>
  );
}

interface ChoiceProps {
  readonly name: string;
  readonly chosen: boolean;
  readonly onChoose: () => void;
  readonly children: string;
}

function Choice({ name, chosen, onChoose, children }: ChoiceProps) {
  return (
    <label className="flex items-center gap-2.5">
      <input type="radio" name={name} checked={chosen} onChange={onChoose} className="size-4 accent-accent" />
      <span>{children}</span>
    </label>
  );
}
