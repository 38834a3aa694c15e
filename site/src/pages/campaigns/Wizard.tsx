/** From a list of people to a campaign that runs, in four steps. Each step is kept as a draft at the edge. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { NO_CONSENT } from "../../core/campaign.ts";
import { campaignQuery, CAMPAIGNS, changeCampaign, createCampaign, deleteCampaign, previewQuery } from "../../edge/campaigns.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { Campaign, CampaignConsent, CampaignWrite } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { BackLink } from "./BackLink.tsx";
import { ConsentStep } from "./ConsentStep.tsx";
import { PeopleStep } from "./PeopleStep.tsx";
import { StartStep } from "./StartStep.tsx";
import { WordsStep } from "./WordsStep.tsx";

export const STEPS = ["people", "words", "consent", "start"] as const;
export type Step = (typeof STEPS)[number];

/** What is on the page and not kept yet. */
export type Draft = Pick<CampaignWrite, "name"> & {
  readonly text: string;
  readonly from_number: string;
  readonly marketing: boolean;
  readonly consent: CampaignConsent;
  /** People that replace those of the draft; undefined while nobody touched them. */
  readonly recipients?: string;
  readonly file?: string;
};

export type Put = (change: Partial<Draft>) => void;

interface WizardProps {
  readonly draft: Campaign | undefined;
  readonly step: string | undefined;
  readonly onGo: (id: string, step?: string) => void;
}

export function Wizard({ draft, step: asked, onGo }: WizardProps) {
  const step = STEPS.find((each) => each === asked) ?? "people";
  const [value, setValue] = useState<Draft>(() => draftOf(draft));
  const say = useSay();
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: async (next: Step) => {
      const saved = await (draft === undefined ? createCampaign(written(value)) : changeCampaign(draft.id, written(value)));
      return { saved, next };
    },
    onSuccess: ({ saved, next }) => {
      client.setQueryData(campaignQuery(saved.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: previewQuery(saved.id).queryKey });
      void client.invalidateQueries({ queryKey: [...CAMPAIGNS, "list"] });
      setValue(withoutList);
      onGo(saved.id, next);
    },
  });
  const remove = useMutation({
    mutationFn: () => deleteCampaign(draft?.id ?? ""),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: [...CAMPAIGNS, "list"] });
      window.history.back();
    },
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  const put: Put = (change) => setValue((before) => ({ ...before, ...change }));
  const go = (next: Step) => save.mutate(next);
  const at = STEPS.indexOf(step);
  const named = value.name.trim() !== "";
  const listed = (draft?.people ?? 0) > 0 || (value.recipients ?? "").trim() !== "" || value.file !== undefined;

  return (
    <>
      <BackLink />
      <PageHead title={draft === undefined ? e.campaigns.add : draft.name} lead={e.campaigns.wizardLead}>
        {draft !== undefined && (
          <Button look="quiet" icon="trash" busy={remove.isPending} onClick={() => remove.mutate()}>
            {e.campaigns.deleteDraft}
          </Button>
        )}
      </PageHead>
      <ol className="mb-4 flex flex-wrap gap-x-2 gap-y-1">
        {STEPS.map((each, index) => (
          <li key={each} className="flex items-center gap-2">
            <button
              type="button"
              aria-current={each === step ? "step" : undefined}
              disabled={save.isPending || (draft === undefined && each !== "people")}
              onClick={() => go(each)}
              className="inline-flex min-h-9 items-center gap-2 rounded-full border border-line bg-surface px-3 text-small text-soft hover:border-line-strong disabled:opacity-60 aria-[current=step]:border-accent aria-[current=step]:bg-accent-soft aria-[current=step]:font-medium aria-[current=step]:text-accent"
            >
              <span className="tabular-nums">{index + 1}</span>
              {e.campaigns.steps[each]}
            </button>
            {index < STEPS.length - 1 && <Icon name="chevronRight" className="size-3.5 text-faint max-sm:hidden" />}
          </li>
        ))}
      </ol>
      <Panel label={e.campaigns.steps[step]} className="p-4 sm:p-6">
        {step === "people" && <PeopleStep value={value} draft={draft} busy={save.isPending} onPut={put} onCheck={() => go("people")} />}
        {step === "words" && <WordsStep value={value} draft={draft} busy={save.isPending} onPut={put} onCheck={() => go("words")} />}
        {step === "consent" && <ConsentStep value={value.consent} onPut={(consent) => put({ consent })} />}
        {step === "start" && draft !== undefined && <StartStep draft={draft} onGo={(next) => onGo(draft.id, next)} />}
        {save.error !== null && (
          <div className="mt-4">
            <Notice tone="bad" alert>
              {edgeFaultWords(save.error)}
            </Notice>
          </div>
        )}
        {step !== "start" && (
          <div className="mt-6 flex flex-wrap justify-end gap-2 border-t border-line pt-4">
            {at > 0 && (
              <Button disabled={save.isPending} onClick={() => go(STEPS[at - 1] ?? "people")}>
                {e.campaigns.backStep}
              </Button>
            )}
            <Button look="primary" busy={save.isPending} disabled={!named || !listed} onClick={() => go(STEPS[at + 1] ?? "start")}>
              {e.campaigns.nextStep}
            </Button>
          </div>
        )}
      </Panel>
      <p className="mt-3 text-small text-faint">{draft === undefined ? e.campaigns.notKept : e.campaigns.kept}</p>
    </>
  );
}

/** The people are kept at the edge now. */
function withoutList({ name, text, from_number, marketing, consent }: Draft): Draft {
  return { name, text, from_number, marketing, consent };
}

function draftOf(draft: Campaign | undefined): Draft {
  return {
    name: draft?.name ?? "",
    text: draft?.text ?? "",
    from_number: draft?.from_number ?? "",
    marketing: draft?.marketing ?? true,
    consent: draft?.consent ?? NO_CONSENT,
  };
}

/** The consent is sent once something stands in it: half of one is refused. */
function written({ consent, ...rest }: Draft): Partial<CampaignWrite> & { readonly name: string } {
  const touched = consent.who !== "" || consent.when !== "" || consent.source !== "";
  return { ...rest, name: rest.name.trim(), ...(touched && { consent }) };
}
