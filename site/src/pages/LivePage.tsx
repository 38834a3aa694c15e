import { getRouteApi } from "@tanstack/react-router";
import { changed } from "../core/address.ts";
import { CallList } from "../live/CallList.tsx";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";
import { EmptyState } from "../ui/EmptyState.tsx";
import { AsOf } from "../live/Fresh.tsx";
import { PageHead } from "../ui/PageHead.tsx";
import { SearchBox } from "../ui/SearchBox.tsx";

const route = getRouteApi("/office/live");

export function LivePage() {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { calls, data } = useLive();
  return (
    <>
      <PageHead title={t.live.title} lead={t.live.lead} />
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <SearchBox
          label={t.live.search}
          value={q}
          onChange={(value) => void navigate({ search: changed({ q: value }), replace: true })}
        />
        {data !== undefined && <span className="text-soft">{t.dashboard.liveCount(calls.length)}</span>}
        <AsOf />
      </div>
      <section aria-label={t.live.title} className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        <CallList query={q} withActions empty={<EmptyState icon="live" title={t.live.none} help={t.live.noneHelp} />} />
      </section>
    </>
  );
}
