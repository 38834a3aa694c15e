/** Today in figures: calls by the hour, queues, lines in trouble, messages. Nothing is shown that was not measured. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { request } from "../../api/client.ts";
import { formatDuration } from "../../core/time.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import type { Dashboard, HourOfCalls, QueueStatus, TrunkStatus } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { StatusShape } from "../../ui/StatusMark.tsx";

export const dashboardQuery = queryOptions({
  queryKey: ["dashboard"],
  queryFn: () => request<Dashboard>("/dashboard"),
  refetchInterval: 15_000,
});

const MORE = "text-small font-medium text-accent hover:underline";

/** Queues as a strip above everything: who waits, how long, who could answer. */
export function QueueStrip() {
  const { data } = useQuery(dashboardQuery);
  if (data === undefined || data.queues.length === 0) return null;
  return (
    <Card
      title={t.admin.dashboard.queues}
      aside={
        <span className="flex items-center gap-3">
          <AsOf />
          <Link to="/wallboard" className={MORE}>
            {t.nav.wallboard}
          </Link>
        </span>
      }
      className="order-1 mb-4 lg:mb-5"
    >
      <Fresh>
        <ul className="flex flex-wrap gap-px border-t border-line bg-line">
          {data.queues.map((queue) => (
            <Queue key={queue.queue} queue={queue} />
          ))}
        </ul>
      </Fresh>
    </Card>
  );
}

function Queue({ queue }: { readonly queue: QueueStatus }) {
  const free = queue.agents.filter((agent) => agent.state === "free").length;
  return (
    <li className="flex grow basis-64 items-center justify-between gap-3 bg-surface px-4 py-3 sm:px-5">
      <span className="min-w-0">
        <span className="block truncate font-medium">{queue.name}</span>
        <span className="text-small text-soft">{t.admin.dashboard.agentsFree(free, queue.agents.length)}</span>
      </span>
      <span className={`text-right ${queue.waiting > 0 ? "text-warn" : "text-soft"}`}>
        <span className="block text-figure font-semibold tabular-nums">{queue.waiting}</span>
        <span className="text-small">
          {queue.waiting > 0 ? t.admin.dashboard.longest(formatDuration(queue.longest_wait_s, t.duration)) : t.admin.dashboard.waiting}
        </span>
      </span>
    </li>
  );
}

export function TodayCard() {
  const { data } = useQuery(dashboardQuery);
  if (data === undefined) return null;
  const { today } = data;
  return (
    <Card
      title={t.admin.dashboard.today}
      aside={
        <Link to="/analytics" className={MORE}>
          {t.nav.analytics}
        </Link>
      }
      className="order-3"
    >
      <Fresh>
        <dl className="grid grid-cols-3 gap-2 px-4 pt-1 sm:px-5">
          <Figure term={t.admin.dashboard.calls} value={today.inbound + today.outbound + today.internal} />
          <Figure term={t.admin.dashboard.fromOutside} value={today.inbound} />
          <Figure term={t.admin.dashboard.missed} value={today.missed} look={today.missed > 0 ? "text-warn" : ""} />
        </dl>
        <Hours hours={data.hours} />
      </Fresh>
    </Card>
  );
}

function Figure({ term, value, look = "" }: { readonly term: string; readonly value: number; readonly look?: string }) {
  return (
    <div className="flex flex-col-reverse justify-end">
      <dt className="text-small text-soft">{term}</dt>
      <dd className={`text-figure font-semibold tabular-nums ${look}`}>{value}</dd>
    </div>
  );
}

const HEIGHT = 56;

/** Calls of each hour as bars; the missed ones at their foot. Read aloud as a sentence. */
function Hours({ hours }: { readonly hours: readonly HourOfCalls[] }) {
  const most = Math.max(1, ...hours.map((each) => each.calls));
  const busiest = hours.reduce<HourOfCalls | undefined>((best, each) => (best === undefined || each.calls > best.calls ? each : best), undefined);
  const words = busiest === undefined || busiest.calls === 0 ? t.admin.dashboard.noCallsYet : t.admin.dashboard.busiest(busiest.hour, busiest.calls);
  return (
    <figure className="px-4 pt-3 pb-4 sm:px-5">
      <svg role="img" aria-label={`${t.admin.dashboard.perHour}. ${words}`} viewBox={`0 0 240 ${HEIGHT + 14}`} className="w-full">
        <path d={`M0 ${HEIGHT + 0.5}H240`} className="stroke-line" strokeWidth={1} />
        {hours.map(({ hour, calls, missed }) => {
          const height = (calls / most) * HEIGHT;
          const foot = (Math.min(missed, calls) / most) * HEIGHT;
          return (
            <g key={hour}>
              <title>{t.admin.dashboard.hour(hour, calls, missed)}</title>
              <rect x={hour * 10 + 1} y={HEIGHT - height} width={8} height={height} rx={1} className="fill-accent" />
              <rect x={hour * 10 + 1} y={HEIGHT - foot} width={8} height={foot} className="fill-warn-line" />
            </g>
          );
        })}
        {[0, 6, 12, 18].map((hour) => (
          <text key={hour} x={hour * 10 + 1} y={HEIGHT + 11} fontSize={8} className="fill-faint">
            {hour}
          </text>
        ))}
      </svg>
      <figcaption className="text-small text-faint">{words}</figcaption>
    </figure>
  );
}

/** Lines to outside that do not work, and messages nobody has heard. */
export function NeedsCard() {
  const { data } = useQuery(dashboardQuery);
  if (data === undefined) return null;
  const { trunks_in_trouble: ill, unheard_messages: unheard, trunks } = data;
  return (
    <Card title={t.admin.dashboard.lines} className="order-3">
      <Fresh>
        <ul className="divide-y divide-line border-t border-line">
          {ill.map((trunk) => (
            <Ill key={trunk.trunk} trunk={trunk} />
          ))}
          {ill.length === 0 && (
            <li>
              <Link to="/trunks" className="flex items-center gap-3 px-4 py-3 hover:bg-hover sm:px-5">
                <StatusShape tone={trunks === 0 ? "plain" : "good"} />
                {trunks === 0 ? t.admin.dashboard.noTrunks : t.admin.dashboard.trunksWell(trunks)}
              </Link>
            </li>
          )}
          <li>
            <Link to="/voicemail" className="flex items-center gap-3 px-4 py-3 hover:bg-hover sm:px-5">
              <Icon name="voicemail" className="size-4 text-faint" />
              {t.admin.dashboard.unheard(unheard)}
            </Link>
          </li>
        </ul>
      </Fresh>
    </Card>
  );
}

function Ill({ trunk }: { readonly trunk: TrunkStatus }) {
  return (
    <li>
      <Link to="/trunks" search={{ open: trunk.trunk }} className="block bg-bad-soft px-4 py-3 text-bad sm:px-5">
        <span className="flex items-center gap-2 font-medium">
          <StatusShape tone="bad" />
          {trunk.trunk}
        </span>
        <span className="text-small text-pretty">{trunk.error}</span>
      </Link>
    </li>
  );
}
