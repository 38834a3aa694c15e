/** How many texts came and went, what became of them, and why some did not arrive. Each chart is a table as well. */
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy } from "react";
import { request } from "../../api/client.ts";
import { EDGE } from "../../core/live.ts";
import { readable } from "../../core/outside.ts";
import { formatDuration } from "../../core/time.ts";
import { EdgeLoaded } from "../../edge/EdgeLoaded.tsx";
import type { SmsAnalytics } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { Figure, Shown } from "./parts.tsx";
import { dayWords, Table } from "./Tables.tsx";

const TextChart = lazy(async () => ({ default: (await import("./TextCharts.tsx")).TextChart }));
const FateChart = lazy(async () => ({ default: (await import("./TextCharts.tsx")).FateChart }));

const route = getRouteApi("/office/analytics/texts");
const PERIODS = ["7d", "30d", "90d"] as const;
type Period = (typeof PERIODS)[number];
const DAY_MS = 86_400_000;

const figuresQuery = (period: Period) =>
  queryOptions({
    queryKey: [EDGE, "figures", period],
    queryFn: () => {
      const first = new Date(Date.now() - (Number.parseInt(period, 10) - 1) * DAY_MS);
      return request<SmsAnalytics>("/analytics/sms", { query: { first: first.toLocaleDateString("sv-SE") } });
    },
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });

export function TextFiguresPage() {
  const { tab, show } = route.useSearch();
  const period = PERIODS.find((each) => each === tab) ?? "30d";
  const tables = show === "tables";
  const query = useQuery(figuresQuery(period));
  return (
    <>
      <PageHead title={e.figures.title} lead={e.figures.lead} />
      <div className="mb-4 flex flex-wrap items-center gap-1.5">
        <Link to="/analytics" activeOptions={{ exact: true }} className={`${CHIP} mr-2`}>
          {e.figures.calls}
        </Link>
        {PERIODS.map((each) => (
          <Link
            key={each}
            to="/analytics/texts"
            replace
            resetScroll={false}
            activeOptions={{ exact: true }}
            search={{ ...(tables && { show }), ...(each !== "30d" && { tab: each }) }}
            aria-current={each === period ? "page" : undefined}
            className={CHIP}
          >
            {t.media.analytics.periods[each]}
          </Link>
        ))}
        <Link
          to="/analytics/texts"
          replace
          resetScroll={false}
          activeOptions={{ exact: true }}
          search={{ ...(period !== "30d" && { tab: period }), ...(!tables && { show: "tables" }) }}
          aria-current={tables ? "page" : undefined}
          className={CHIP}
        >
          {t.media.analytics.asTables}
        </Link>
      </div>
      <EdgeLoaded query={query} rows={6}>
        {(figures) => <Figures figures={figures} tables={tables} />}
      </EdgeLoaded>
    </>
  );
}

const CHIP =
  "inline-flex min-h-9 items-center rounded-full border border-line bg-surface px-3 text-small whitespace-nowrap text-soft hover:border-line-strong hover:text-ink aria-[current=page]:border-accent aria-[current=page]:bg-accent-soft aria-[current=page]:font-medium aria-[current=page]:text-accent md:min-h-8";

function Figures({ figures, tables }: { readonly figures: SmsAnalytics; readonly tables: boolean }) {
  const sum = (name: "received" | "sent" | "delivered" | "failed" | "uncertain" | "by_ai") =>
    figures.days.reduce((total, day) => total + day[name], 0);
  const [received, sent, delivered] = [sum("received"), sum("sent"), sum("delivered")];
  if (received + sent === 0) {
    return (
      <Panel label={e.figures.title}>
        <EmptyState icon="chart" title={e.figures.none} help={e.figures.noneHelp} />
      </Panel>
    );
  }
  const columns = e.figures.columns;
  return (
    <div className="flex flex-col gap-4">
      <dl className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-6">
        <Figure term={columns.received}>{received.toLocaleString(t.locale)}</Figure>
        <Figure term={columns.sent}>{sent.toLocaleString(t.locale)}</Figure>
        <Figure term={columns.delivered}>{sent === 0 ? "–" : (delivered / sent).toLocaleString(t.locale, { style: "percent", maximumFractionDigits: 0 })}</Figure>
        <Figure term={e.figures.firstAnswer}>{figures.answered_s === null ? "–" : formatDuration(figures.answered_s, t.duration)}</Figure>
        <Figure term={e.figures.optedOut}>{figures.opted_out.toLocaleString(t.locale)}</Figure>
        <Figure term={e.figures.segments}>{figures.segments.toLocaleString(t.locale)}</Figure>
      </dl>
      <Card title={e.figures.perDay}>
        <Shown
          tables={tables}
          table={
            <Table
              caption={e.figures.perDay}
              titles={[columns.day, columns.received, columns.byPeople, columns.byAi, columns.byCampaigns]}
              rows={figures.days.map((day) => [dayWords(day.day), day.received, day.by_people, day.by_ai, day.by_campaigns])}
            />
          }
        >
          <TextChart days={figures.days} />
        </Shown>
      </Card>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title={e.figures.fate}>
          <Shown
            tables={tables}
            table={
              <Table
                caption={e.figures.fate}
                titles={[columns.day, columns.sent, columns.delivered, columns.failed, columns.uncertain]}
                rows={figures.days.map((day) => [dayWords(day.day), day.sent, day.delivered, day.failed, day.uncertain])}
              />
            }
          >
            <FateChart days={figures.days} />
          </Shown>
        </Card>
        <Card title={e.figures.failures}>
          {figures.failures.length === 0 ? (
            <p className="px-4 pb-5 text-soft sm:px-5">{e.figures.noFailures}</p>
          ) : (
            <ul className="divide-y divide-line pb-2">
              {figures.failures.map((each) => (
                <li key={each.code} className="flex items-baseline justify-between gap-4 px-4 py-2 sm:px-5">
                  <span>
                    {each.words} <span className="text-label text-faint">({each.code})</span>
                  </span>
                  <span className="font-semibold tabular-nums">{each.count.toLocaleString(t.locale)}</span>
                </li>
              ))}
            </ul>
          )}
        </Card>
      </div>
      <Card title={e.figures.perNumber}>
        <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={e.figures.perNumber}>
          <Table
            caption={e.figures.perNumber}
            titles={[columns.number, columns.received, columns.sent]}
            rows={figures.numbers.map((each) => [readable(each.number), each.received, each.sent])}
          />
        </div>
      </Card>
    </div>
  );
}
