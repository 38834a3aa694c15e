import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { historyQuery } from "../../api/queries.ts";
import { historyRow } from "../../core/history.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDay, formatShortClock } from "../../core/time.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useDirectory } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { useNow } from "../../ui/now.ts";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";

const MOST_RECENT = 6;
// Some more than are shown: the running ones have a card of their own.
const RECENT = { limit: 24, offset: 0 } as const;

export function RecentCard() {
  const { data, error } = useQuery(historyQuery(RECENT));
  const now = useNow();
  const directory = useDirectory();
  const ended = data?.items.filter((cdr) => cdr.ended_at !== null).slice(0, MOST_RECENT);
  const aside = (
    <span className="flex items-center gap-3">
      <AsOf />
      <Link to="/history" className="text-small font-medium text-accent hover:underline">
        {t.dashboard.allHistory}
      </Link>
    </span>
  );
  return (
    <Card title={t.dashboard.recent} aside={aside} className="order-3">
      {ended === undefined ? (
        error === null ? <Skeleton rows={4} /> : <EmptyState icon="unplugged" title={faultWords(error, t)} />
      ) : ended.length === 0 ? (
        <EmptyState icon="history" title={t.dashboard.recentNone} help={t.dashboard.recentNoneHelp} />
      ) : (
        <Fresh>
          <ul className="divide-y divide-line">
            {ended.map((cdr) => {
              const row = historyRow(cdr, directory, t);
              return (
                <li key={row.id} className="arrive">
                  <Link
                    to="/history"
                    search={{ call: row.id }}
                    className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-0.5 px-4 py-2.5 -outline-offset-2 hover:bg-hover sm:grid-cols-[minmax(0,1fr)_7.5rem_8.5rem] sm:px-5"
                  >
                    <span className="truncate">
                      <span className="font-medium">{row.from}</span>
                      <span className="px-1.5 text-faint">→</span>
                      <span className="font-medium">{row.to}</span>
                    </span>
                    <span className="justify-self-end sm:justify-self-start">
                      <StatusMark tone={row.tone}>{row.outcome}</StatusMark>
                    </span>
                    <span className="text-small text-faint tabular-nums sm:text-right">
                      {formatDay(row.startedAt, now, t.locale, t.history)} {formatShortClock(row.startedAt, t.locale)}
                    </span>
                  </Link>
                </li>
              );
            })}
          </ul>
        </Fresh>
      )}
    </Card>
  );
}
