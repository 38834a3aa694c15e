/** One text to many people: the campaigns, each with how it goes, and the way to a new one. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { changed } from "../../core/address.ts";
import { readable } from "../../core/outside.ts";
import { formatFull } from "../../core/time.ts";
import { campaignsQuery } from "../../edge/campaigns.ts";
import { EdgeLoaded, hasEdge, isWithoutEdge } from "../../edge/EdgeLoaded.tsx";
import type { Campaign } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { CampaignMark } from "./CampaignMark.tsx";
import { ProgressBar } from "./ProgressBar.tsx";

const CampaignView = lazy(async () => ({ default: (await import("./CampaignView.tsx")).CampaignView }));
const Wizard = lazy(async () => ({ default: (await import("./Wizard.tsx")).Wizard }));
const route = getRouteApi("/office/campaigns");

export function CampaignsPage() {
  const { open, q = "", tab } = route.useSearch();
  const navigate = route.useNavigate();
  if (open === undefined) return <List q={q} onSearch={(next) => void navigate({ search: changed({ q: next }), replace: true, resetScroll: false })} />;
  const go = (id: string, step?: string) => void navigate({ search: { open: id, ...(step !== undefined && { tab: step }) }, replace: open === "new" });
  return (
    <Suspense fallback={<Skeleton rows={6} />}>
      {open === "new" ? <Wizard draft={undefined} step={tab} onGo={go} /> : <CampaignView key={open} id={open} tab={tab} onGo={go} />}
    </Suspense>
  );
}

function List({ q, onSearch }: { readonly q: string; readonly onSearch: (q: string) => void }) {
  const may = useMay("campaigns:write");
  const query = useQuery(campaignsQuery(q));
  const there = !isWithoutEdge(query.error);
  return (
    <>
      <PageHead title={e.campaigns.title} lead={e.campaigns.lead}>
        {may && hasEdge(query) && <NewLink />}
      </PageHead>
      {there && (
        <div className="mb-3">
          <SearchBox label={e.campaigns.search} value={q} onChange={onSearch} />
        </div>
      )}
      <Panel label={e.campaigns.title}>
        <EdgeLoaded query={query}>
          {({ items }) =>
            items.length === 0 ? (
              q === "" ? (
                <EmptyState icon="megaphone" title={e.campaigns.none} help={e.campaigns.noneHelp}>
                  {may && <NewLink />}
                </EmptyState>
              ) : (
                <EmptyState icon="search" title={e.campaigns.noneFound} />
              )
            ) : (
              <ul className="divide-y divide-line">
                {items.map((each) => (
                  <Row key={each.id} campaign={each} />
                ))}
              </ul>
            )
          }
        </EdgeLoaded>
      </Panel>
    </>
  );
}

function NewLink() {
  return (
    <Link
      to="/campaigns"
      search={{ open: "new" }}
      className="inline-flex min-h-10 items-center gap-2 rounded-lg bg-accent px-3.5 font-medium whitespace-nowrap text-on-accent hover:bg-accent-hover md:min-h-9"
    >
      <Icon name="plus" />
      {e.campaigns.add}
    </Link>
  );
}

function Row({ campaign }: { readonly campaign: Campaign }) {
  const at = campaign.finished_at ?? campaign.started_at ?? campaign.starts_at ?? campaign.created_at;
  return (
    <li data-campaign={campaign.name}>
      <Link to="/campaigns" search={{ open: campaign.id }} className="flex flex-col gap-2 px-4 py-3.5 hover:bg-hover sm:px-5">
        <span className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <span className="min-w-0 truncate text-lead font-medium">{campaign.name}</span>
          <CampaignMark campaign={campaign} />
        </span>
        <span className="text-small text-soft">
          {e.campaigns.people(campaign.people)}
          {campaign.from_number !== "" && ` · ${e.campaigns.fromNumber(readable(campaign.from_number))}`} · {formatFull(new Date(at).toISOString(), t.locale)}
        </span>
        {campaign.state !== "draft" && <ProgressBar campaign={campaign} />}
      </Link>
    </li>
  );
}
