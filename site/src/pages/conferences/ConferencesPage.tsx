/** The conferences as they are now: who is in, who talks, and what a moderator can do about it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import type { ConferenceStatusList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Room } from "./Room.tsx";

const roomsQuery = {
  queryKey: ["conference-statuses"],
  queryFn: () => request<ConferenceStatusList>("/conference-statuses", { query: { limit: 1000 } }),
};

export function ConferencesPage() {
  const { data: live } = useLive();
  // The live line has them all; asking once shows them, or why not, when that line is not up yet.
  const { data, error, refetch } = useQuery({ ...roomsQuery, enabled: live === undefined });
  const rooms = live === undefined ? data?.items : [...live.conferences.values()];
  const busiestFirst = [...(rooms ?? [])].sort(
    (one, other) => Number(other.since !== null) - Number(one.since !== null) || one.name.localeCompare(other.name),
  );
  return (
    <>
      <PageHead title={t.media.conferences.title} lead={t.media.conferences.lead}>
        <Link
          to="/records/$kind"
          params={{ kind: "conference" }}
          className="inline-flex min-h-10 items-center rounded-lg border border-line bg-surface px-3.5 whitespace-nowrap hover:border-line-strong hover:bg-hover md:min-h-9"
        >
          {t.media.conferences.settings}
        </Link>
      </PageHead>
      <AsOf />
      {rooms === undefined ? (
        <section className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          {error === null ? (
            <Skeleton rows={4} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )}
        </section>
      ) : rooms.length === 0 ? (
        <section className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
          <EmptyState icon="people" title={t.media.conferences.none} help={t.media.conferences.noneHelp}>
            <Link
              to="/records/$kind"
              params={{ kind: "conference" }}
              search={{ open: "new" }}
              className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover"
            >
              {t.media.conferences.createFirst}
            </Link>
          </EmptyState>
        </section>
      ) : (
        <Fresh>
          <div className="flex flex-col gap-4">
            {busiestFirst.map((room) => (
              <Room key={room.conference} room={room} />
            ))}
          </div>
        </Fresh>
      )}
    </>
  );
}
