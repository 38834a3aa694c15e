/** How many calls there were, when, to which number, and who was not reached. Each chart is a table as well. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, useState, type ReactNode } from "react";
import { request } from "../../api/client.ts";
import { HISTORY } from "../../api/queries.ts";
import { answerRate, csv } from "../../core/figures.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDuration } from "../../core/time.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import type { CallFigures } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Figure, Shown } from "./parts.tsx";
import { DayTable, DidTable, HourTable } from "./Tables.tsx";

const DayChart = lazy(async () => ({ default: (await import("./Charts.tsx")).DayChart }));
const TakenChart = lazy(async () => ({ default: (await import("./Charts.tsx")).TakenChart }));
const HourHeat = lazy(async () => ({ default: (await import("./Charts.tsx")).HourHeat }));

const route = getRouteApi("/office/analytics");
const PERIODS = ["7d", "30d", "90d"] as const;
type Period = (typeof PERIODS)[number];

const figuresQuery = (period: Period) =>
  queryOptions({
    queryKey: [...HISTORY, "figures", period],
    queryFn: () => request<CallFigures>("/analytics/calls", { query: { period } }),
    staleTime: 60_000,
  });

export function AnalyticsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const period = PERIODS.find((each) => each === search.tab) ?? "7d";
  const tables = search.show === "tables";
  const { data, error, refetch } = useQuery(figuresQuery(period));
  const go = (next: typeof search) => void navigate({ search: next, resetScroll: false, replace: true });

  return (
    <>
      <PageHead title={t.media.analytics.title} lead={t.media.analytics.lead}>
        {data !== undefined && <Export figures={data} />}
      </PageHead>
      <div className="mb-4 flex flex-wrap items-center gap-3">
        <div role="group" aria-label={t.media.analytics.period} className="flex flex-wrap gap-1.5">
          {PERIODS.map((each) => (
            <Chip key={each} chosen={each === period} onClick={() => go({ ...(tables && { show: "tables" }), ...(each !== "7d" && { tab: each }) })}>
              {t.media.analytics.periods[each]}
            </Chip>
          ))}
        </div>
        <Chip chosen={tables} onClick={() => go({ ...(period !== "7d" && { tab: period }), ...(!tables && { show: "tables" }) })}>
          {t.media.analytics.asTables}
        </Chip>
        <Link to="/analytics/texts" className="inline-flex min-h-9 items-center rounded-full border border-line bg-surface px-3 text-small text-soft hover:border-line-strong hover:text-ink md:min-h-8">
          {t.nav.texts}
        </Link>
        <AsOf />
      </div>
      {data === undefined ? (
        <section className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {error === null ? (
            <Skeleton rows={6} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )}
        </section>
      ) : (
        <Fresh>
          <Figures figures={data} tables={tables} />
        </Fresh>
      )}
    </>
  );
}

function Figures({ figures, tables }: { readonly figures: CallFigures; readonly tables: boolean }) {
  const { totals } = figures;
  const all = totals.inbound + totals.outbound + totals.internal;
  const rate = answerRate(totals);
  const wait = (seconds: number | null) => (seconds === null ? "–" : formatDuration(seconds, t.duration));
  if (all === 0) {
    return (
      <section className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        <EmptyState icon="chart" title={t.media.analytics.none} help={t.media.analytics.noneHelp} />
      </section>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Figure term={t.media.analytics.calls}>{all.toLocaleString(t.locale)}</Figure>
        <Figure term={t.media.analytics.fromOutside}>{totals.inbound.toLocaleString(t.locale)}</Figure>
        <Figure term={t.media.analytics.taken}>
          {rate === undefined ? "–" : rate.toLocaleString(t.locale, { style: "percent", maximumFractionDigits: 0 })}
        </Figure>
        <Figure term={t.media.analytics.missed}>{totals.missed.toLocaleString(t.locale)}</Figure>
        <Figure term={t.media.analytics.medianWait}>{wait(totals.median_wait_s)}</Figure>
        <Figure term={t.media.analytics.longestWait}>{wait(totals.longest_wait_s)}</Figure>
      </dl>
      <Card title={t.media.analytics.perDay}>
        <Shown tables={tables} table={<DayTable days={figures.per_day} />}>
          <DayChart days={figures.per_day} />
        </Shown>
      </Card>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={t.media.analytics.perHour} aside={figures.time_zone.includes("/") && <span className="text-small text-faint">{figures.time_zone}</span>}>
          <Shown tables={tables} table={<HourTable hours={figures.per_hour} />}>
            <HourHeat hours={figures.per_hour} />
          </Shown>
        </Card>
        <Card title={t.media.analytics.takenPerDay}>
          <Shown tables={tables} table={<DayTable days={figures.per_day} />}>
            <TakenChart days={figures.per_day} />
          </Shown>
        </Card>
      </div>
      <Card title={t.media.analytics.perNumber}>
        {figures.per_did.length === 0 ? (
          <p className="px-4 pb-5 text-soft sm:px-5">{t.media.analytics.noNumbers}</p>
        ) : (
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={t.media.analytics.perNumber}>
            <DidTable dids={figures.per_did} />
          </div>
        )}
      </Card>
    </div>
  );
}

function Chip({ chosen, onClick, children }: { readonly chosen: boolean; readonly onClick: () => void; readonly children: ReactNode }) {
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onClick}
      className="min-h-9 rounded-full border border-line bg-surface px-3 text-small whitespace-nowrap text-soft hover:border-line-strong hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-8"
    >
      {children}
    </button>
  );
}

function Export({ figures }: { readonly figures: CallFigures }) {
  const [url, setUrl] = useState<string>();
  const words = t.media.analytics.columns;
  const make = () => {
    if (url !== undefined) URL.revokeObjectURL(url);
    const text = csv(
      [words.day, words.inbound, words.outbound, words.internal, words.answered, words.missed, words.talk],
      figures.per_day.map((each) => [each.day, each.inbound, each.outbound, each.internal, each.answered, each.missed, Math.round(each.talk_s)]),
    );
    const made = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    setUrl(made);
    const link = document.createElement("a");
    link.href = made;
    link.download = `${t.media.history.fileName}-${figures.per_day[0]?.day ?? ""}.csv`;
    link.click();
  };
  return (
    <Button icon="download" onClick={make}>
      {t.media.history.csv}
    </Button>
  );
}
