/** The people of a campaign, and in plain words what became of each. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { readable } from "../../core/outside.ts";
import { formatShortClock } from "../../core/time.ts";
import { recipientsQuery } from "../../edge/campaigns.ts";
import { EdgeLoaded } from "../../edge/EdgeLoaded.tsx";
import type { Campaign, CampaignRecipient } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const PAGE = 50;
const TONES: Readonly<Record<CampaignRecipient["state"], Tone>> = {
  queued: "plain",
  released: "live",
  checking: "live",
  sent: "live",
  delivered: "good",
  undelivered: "bad",
  failed: "bad",
  uncertain: "warn",
  opted_out: "plain",
  no_hours: "plain",
  left: "plain",
  cancelled: "plain",
};

interface RecipientsProps {
  readonly campaign: Campaign;
  readonly state: string | undefined;
  readonly onState: (state: string | undefined) => void;
}

export function Recipients({ campaign, state, onState }: RecipientsProps) {
  const [q, setQ] = useState("");
  const [limit, setLimit] = useState(PAGE);
  const query = useQuery(recipientsQuery(campaign.id, { ...(state !== undefined && { state }), ...(q !== "" && { q }), limit, offset: 0 }));
  const words = state !== undefined && state in e.campaigns.recipientStates ? e.campaigns.recipientStates[state as CampaignRecipient["state"]] : undefined;
  return (
    <Card title={words === undefined ? e.campaigns.recipients : e.campaigns.recipientsThat(words)}>
      <div className="flex flex-wrap items-center gap-2 px-4 pb-3 sm:px-5">
        <SearchBox label={e.campaigns.searchPeople} value={q} onChange={setQ} />
        {words !== undefined && (
          <Button look="quiet" icon="close" onClick={() => onState(undefined)}>
            {e.campaigns.showAll}
          </Button>
        )}
      </div>
      <EdgeLoaded query={query}>
        {({ items, total }) =>
          items.length === 0 ? (
            <EmptyState icon="people" title={e.campaigns.nobody} />
          ) : (
            <>
              <ul className="divide-y divide-line border-t border-line">
                {items.map((each) => (
                  <li key={each.id} data-recipient={each.number} className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-4 py-2.5 sm:px-5">
                    <span className="min-w-0">
                      <span className="font-medium">{readable(each.number)}</span>
                      {each.name !== "" && <span className="text-soft"> · {each.name}</span>}
                      {each.reason !== "" && <span className="block text-small text-pretty text-soft">{each.reason}</span>}
                    </span>
                    <span className="flex items-center gap-3">
                      {each.sent_at !== null && <span className="text-label text-faint">{formatShortClock(each.sent_at, t.locale)}</span>}
                      <StatusMark tone={TONES[each.state]}>{e.campaigns.recipientStates[each.state]}</StatusMark>
                    </span>
                  </li>
                ))}
              </ul>
              {items.length < total && limit < 500 && (
                <div className="flex justify-center p-3">
                  <Button busy={query.isFetching} onClick={() => setLimit(limit + 150 > 500 ? 500 : limit + 150)}>
                    {e.campaigns.moreOf(items.length, total)}
                  </Button>
                </div>
              )}
              {items.length < total && limit >= 500 && <p className="p-3 text-center text-small text-faint">{e.campaigns.searchForMore(total)}</p>}
            </>
          )
        }
      </EdgeLoaded>
    </Card>
  );
}
