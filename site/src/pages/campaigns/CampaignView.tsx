/** One campaign: a draft goes on in the wizard; one that was started shows how it goes and what needs a decision. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { download } from "../../api/client.ts";
import { actionsOf } from "../../core/campaign.ts";
import { readable } from "../../core/outside.ts";
import { formatFull } from "../../core/time.ts";
import { campaignQuery, CAMPAIGNS, settleCampaign, steerCampaign } from "../../edge/campaigns.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { Campaign, Counts } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { BackLink } from "./BackLink.tsx";
import { CampaignMark } from "./CampaignMark.tsx";
import { ProgressBar } from "./ProgressBar.tsx";
import { Recipients } from "./Recipients.tsx";
import { Wizard } from "./Wizard.tsx";

interface CampaignViewProps {
  readonly id: string;
  readonly tab: string | undefined;
  readonly onGo: (id: string, tab?: string) => void;
}

export function CampaignView({ id, tab, onGo }: CampaignViewProps) {
  const query = useQuery(campaignQuery(id));
  const may = useMay("campaigns:write");
  return (
    <EdgeLoaded query={query} rows={6}>
      {(campaign) =>
        campaign.state === "draft" && may ? (
          <Wizard draft={campaign} step={tab} onGo={onGo} />
        ) : (
          <Running campaign={campaign} may={may} shown={tab} onShow={(next) => onGo(id, next)} />
        )
      }
    </EdgeLoaded>
  );
}

interface RunningProps {
  readonly campaign: Campaign;
  readonly may: boolean;
  readonly shown: string | undefined;
  readonly onShow: (state: string | undefined) => void;
}

function Running({ campaign, may, shown, onShow }: RunningProps) {
  return (
    <>
      <BackLink />
      <PageHead title={campaign.name}>
        <div className="flex flex-wrap items-center justify-end gap-2">
          <CampaignMark campaign={campaign} />
          <Button icon="download" title={e.campaigns.download} onClick={() => void download(`/campaigns/${campaign.id}.csv`, `${campaign.name}.csv`)}>
            CSV
          </Button>
          {may && <Steering campaign={campaign} />}
        </div>
      </PageHead>
      <div className="flex flex-col gap-4">
        {campaign.note !== "" && (
          <Notice tone="warn" icon="bell">
            {campaign.note}
          </Notice>
        )}
        {campaign.counts.uncertain > 0 && <Uncertain campaign={campaign} may={may} onShow={onShow} />}
        <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
          <Card title={e.campaigns.progress}>
            <div className="flex flex-col gap-4 px-4 pb-5 sm:px-5">
              <ProgressBar campaign={campaign} />
              <CountList counts={campaign.counts} shown={shown} onShow={onShow} />
            </div>
          </Card>
          <Card title={e.campaigns.text}>
            <div className="flex flex-col gap-3 px-4 pb-5 sm:px-5">
              <p className="rounded-2xl rounded-bl-md border border-line bg-canvas px-3.5 py-2 break-words whitespace-pre-wrap">{campaign.text}</p>
              <dl className="flex flex-col gap-1.5 text-small">
                <Line term={e.campaigns.from}>{readable(campaign.from_number)}</Line>
                {campaign.starts_at !== null && <Line term={e.campaigns.startsAt}>{formatFull(new Date(campaign.starts_at).toISOString(), t.locale)}</Line>}
                {campaign.started_at !== null && <Line term={e.campaigns.startedAt}>{formatFull(new Date(campaign.started_at).toISOString(), t.locale)}</Line>}
                {campaign.started_by !== "" && <Line term={e.campaigns.startedBy}>{campaign.started_by}</Line>}
                {campaign.finished_at !== null && <Line term={e.campaigns.finishedAt}>{formatFull(new Date(campaign.finished_at).toISOString(), t.locale)}</Line>}
                {campaign.consent !== null && (
                  <Line term={e.campaigns.consent}>
                    {campaign.consent.who}, {campaign.consent.when} · {e.campaigns.consentHow[campaign.consent.how]}
                  </Line>
                )}
              </dl>
            </div>
          </Card>
        </div>
        <Recipients campaign={campaign} state={shown} onState={onShow} />
      </div>
    </>
  );
}

function Line({ term, children }: { readonly term: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex flex-wrap justify-between gap-x-4">
      <dt className="text-faint">{term}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}

/** All states that somebody is in; each shows its people. */
function CountList({ counts, shown, onShow }: { readonly counts: Counts; readonly shown: string | undefined; readonly onShow: (state: string | undefined) => void }) {
  const there = (Object.entries(counts) as [keyof Counts, number][]).filter(([, count]) => count > 0);
  return (
    <ul className="grid grid-cols-2 gap-2 sm:grid-cols-3">
      {there.map(([state, count]) => (
        <li key={state}>
          <button
            type="button"
            aria-pressed={shown === state}
            data-count={state}
            onClick={() => onShow(shown === state ? undefined : state)}
            className="flex w-full flex-col rounded-xl border border-line px-3 py-2 text-left hover:border-line-strong aria-pressed:border-accent aria-pressed:bg-accent-soft"
          >
            <span className="text-figure font-semibold tabular-nums">{count.toLocaleString(t.locale)}</span>
            <span className="text-small text-soft">{e.campaigns.recipientStates[state]}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

function Steering({ campaign }: { readonly campaign: Campaign }) {
  const [asking, setAsking] = useState(false);
  const say = useSay();
  const client = useQueryClient();
  const steer = useMutation({
    mutationFn: (what: "pause" | "resume" | "cancel") => steerCampaign(campaign.id, what),
    onSuccess: () => setAsking(false),
    onSettled: () => client.invalidateQueries({ queryKey: CAMPAIGNS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <>
      {actionsOf(campaign).map((what) => (
        <Button
          key={what}
          look={what === "resume" ? "primary" : what === "cancel" ? "danger" : "outline"}
          busy={steer.isPending && steer.variables === what}
          onClick={() => (what === "cancel" ? setAsking(true) : steer.mutate(what))}
        >
          {e.campaigns[what]}
        </Button>
      ))}
      {asking && (
        <Confirm
          title={e.campaigns.cancelAsk(campaign.name)}
          help={e.campaigns.cancelHelp(campaign.counts.queued)}
          onClose={() => setAsking(false)}
          cancel={
            <Button data-focus-first onClick={() => setAsking(false)}>
              {e.campaigns.keepGoing}
            </Button>
          }
          confirm={
            <Button look="danger" busy={steer.isPending} onClick={() => steer.mutate("cancel")}>
              {e.campaigns.cancel}
            </Button>
          }
        />
      )}
    </>
  );
}

function Uncertain({ campaign, may, onShow }: { readonly campaign: Campaign; readonly may: boolean; readonly onShow: (state: string | undefined) => void }) {
  const say = useSay();
  const client = useQueryClient();
  const settle = useMutation({
    mutationFn: (action: "again" | "leave") => settleCampaign(campaign.id, { action }),
    onSettled: () => client.invalidateQueries({ queryKey: CAMPAIGNS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <Notice tone="warn">
      <p className="font-medium">{e.campaigns.uncertain(campaign.counts.uncertain)}</p>
      <p className="mt-0.5">{e.campaigns.uncertainHelp}</p>
      <div className="mt-2.5 flex flex-wrap gap-2">
        <Button onClick={() => onShow("uncertain")}>{e.campaigns.showThem}</Button>
        {may && (
          <>
            <Button busy={settle.isPending} onClick={() => settle.mutate("leave")}>
              {e.campaigns.leave}
            </Button>
            <Button busy={settle.isPending} onClick={() => settle.mutate("again")}>
              {e.campaigns.again}
            </Button>
          </>
        )}
      </div>
    </Notice>
  );
}
