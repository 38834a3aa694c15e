/** That these people agreed, in words that can be shown to whoever complains. */
import type { CampaignConsent } from "../../edge/types.ts";
import { TextArea } from "../../edge/TextArea.tsx";
import { e } from "../../text/edge.ts";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";

const HOW: readonly CampaignConsent["how"][] = ["web_form", "paper_form", "text", "spoken", "contract", "other"];

interface ConsentStepProps {
  readonly value: CampaignConsent;
  readonly onPut: (consent: CampaignConsent) => void;
}

export function ConsentStep({ value, onPut }: ConsentStepProps) {
  const put = (change: Partial<CampaignConsent>) => onPut({ ...value, ...change });
  return (
    <div className="flex max-w-xl flex-col gap-4">
      <Notice tone="plain" icon="shield">
        {e.campaigns.consentWhy}
      </Notice>
      <Field label={e.campaigns.consentWho} help={e.campaigns.consentWhoHelp} value={value.who} maxLength={200} onChange={(event) => put({ who: event.target.value })} />
      <Field label={e.campaigns.consentWhen} help={e.campaigns.consentWhenHelp} value={value.when} maxLength={200} onChange={(event) => put({ when: event.target.value })} />
      <Select
        label={e.campaigns.consentHowLabel}
        value={value.how}
        onChoose={(how) => put({ how: HOW.find((each) => each === how) ?? "other" })}
        options={HOW.map((how) => [how, e.campaigns.consentHow[how]] as const)}
      />
      <TextArea label={e.campaigns.consentWhat} help={e.campaigns.consentWhatHelp} rows={4} maxLength={4000} value={value.source} onChange={(event) => put({ source: event.target.value })} />
    </div>
  );
}
