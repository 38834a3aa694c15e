/** The queues, large enough for a television at the wall. What is no longer true is seen from across the room. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { faultWords } from "../../core/problem.ts";
import { formatClock } from "../../core/time.ts";
import { useLive } from "../../live/useLive.ts";
import { queuesQuery, takeQueues } from "../../media/queries.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { QueueBoard } from "./QueueBoard.tsx";

const route = getRouteApi("/office/wallboard");
export function WallboardPage() {
  const { show } = route.useSearch();
  const navigate = route.useNavigate();
  const board = useRef<HTMLDivElement>(null);
  const { data: live, stale, frozenAt } = useLive();
  const { data, error, refetch } = useQuery(queuesQuery);
  const seen = useRef(live?.queues);
  useEffect(() => {
    if (live !== undefined && seen.current !== undefined && seen.current !== live.queues) takeQueues(seen.current, live.queues);
    seen.current = live?.queues;
  }, [live]);
  const queues = data ?? [];
  const shown = queues.filter(({ queue }) => show === undefined || queue.queue === show);

  return (
    <>
      <PageHead title={t.media.wallboard.title} lead={t.media.wallboard.lead}>
        <Button icon="expand" onClick={() => void board.current?.requestFullscreen()}>
          {t.media.wallboard.fullScreen}
        </Button>
      </PageHead>
      {queues.length > 1 && (
        <div role="group" aria-label={t.media.wallboard.which} className="mb-4 flex flex-wrap gap-1.5">
          {[undefined, ...queues.map((each) => each.queue)].map((queue) => (
            <button
              key={queue?.queue ?? ""}
              type="button"
              aria-pressed={show === queue?.queue}
              onClick={() => void navigate({ search: queue === undefined ? {} : { show: queue.queue } })}
              className="min-h-9 rounded-full border border-line bg-surface px-3 text-small text-soft hover:border-line-strong hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-8"
            >
              {queue?.name ?? t.media.wallboard.all}
            </button>
          ))}
        </div>
      )}
      <div ref={board} className="wallboard @container flex flex-col gap-5 bg-canvas">
        {stale && frozenAt !== undefined && (
          <p role="alert" className="rounded-xl bg-bad-soft px-4 py-3 text-lead font-semibold text-bad">
            {t.media.wallboard.stale(formatClock(frozenAt, t.locale))}
          </p>
        )}
        {data === undefined ? (
          <section className="rounded-2xl border border-line bg-surface">
            {error === null ? (
              <Skeleton rows={4} />
            ) : (
              <EmptyState icon="unplugged" title={faultWords(error, t)}>
                <Button onClick={() => void refetch()}>{t.common.retry}</Button>
              </EmptyState>
            )}
          </section>
        ) : queues.length === 0 ? (
          <section className="rounded-2xl border border-line bg-surface">
            <EmptyState icon="people" title={t.media.wallboard.none} help={t.media.wallboard.noneHelp}>
              <Link
                to="/queues"
                search={{ open: "new" }}
                className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover"
              >
                {t.media.wallboard.createFirst}
              </Link>
            </EmptyState>
          </section>
        ) : (
          <div className={stale ? "stale flex flex-col gap-5" : "flex flex-col gap-5"}>
            {shown.map(({ queue, at }) => (
              <QueueBoard key={queue.queue} queue={queue} readAt={at} frozen={stale} />
            ))}
          </div>
        )}
      </div>
    </>
  );
}
