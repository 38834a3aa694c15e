/** The edge: whether it is there, how to begin, and what holds for texts and campaigns. */
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { CampaignsTab } from "./CampaignsTab.tsx";
import { ConnectionTab } from "./ConnectionTab.tsx";
import { TextsTab } from "./TextsTab.tsx";

const route = getRouteApi("/office/edge");
const TABS = ["connection", "texts", "campaigns"] as const;

export function EdgePage() {
  const search = route.useSearch();
  const may = { connection: true, texts: useMay("texts:read"), campaigns: useMay("campaigns:read") };
  const tabs = TABS.filter((each) => may[each]);
  const tab = tabs.find((each) => each === search.tab) ?? "connection";
  return (
    <>
      <PageHead title={t.nav.edge} lead={e.settings.lead} />
      <nav aria-label={e.settings.parts} className="mb-4 flex flex-wrap gap-1.5">
        {tabs.map((each) => (
          <Link
            key={each}
            to="/edge"
            search={each === "connection" ? {} : { tab: each }}
            activeOptions={{ exact: true }}
            aria-current={each === tab ? "page" : undefined}
            className="inline-flex min-h-9 items-center rounded-full border border-line bg-surface px-3 text-small text-soft hover:border-line-strong hover:text-ink aria-[current=page]:border-accent aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent md:min-h-8"
          >
            {e.settings.tabs[each]}
          </Link>
        ))}
      </nav>
      {tab === "connection" && <ConnectionTab />}
      {tab === "texts" && <TextsTab />}
      {tab === "campaigns" && <CampaignsTab />}
    </>
  );
}
