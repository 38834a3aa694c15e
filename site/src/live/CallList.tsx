/** The running calls, or why there are none to show. */
import type { ReactNode } from "react";
import { viewCall } from "../core/calls.ts";
import { fold } from "../core/phones.ts";
import { t } from "../text/index.ts";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Fresh } from "./Fresh.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { CallRow } from "./CallRow.tsx";
import { useLive } from "./useLive.ts";

interface CallListProps {
  readonly query?: string;
  readonly empty: ReactNode;
  /** Show at most this many; the rest is one click away. */
  readonly most?: number;
}

export function CallList({ query = "", empty, most = Infinity }: CallListProps) {
  const { calls, data, stale } = useLive();
  if (data === undefined) return stale ? <EmptyState icon="unplugged" title={t.link.never} /> : <Skeleton />;
  const views = calls.map((call) => viewCall(call, t));
  const wanted = fold(query.trim());
  const shown = views.filter((call) =>
    [call.from.name, call.from.number, call.to.name, call.to.number].some((each) => fold(each).includes(wanted)),
  );
  if (shown.length === 0) return <Fresh>{wanted === "" ? empty : <EmptyState icon="search" title={t.live.noMatch(query)} />}</Fresh>;
  return (
    <Fresh>
      <ul className="divide-y divide-line">
        {shown.slice(0, most).map((call) => (
          <CallRow key={call.id} call={call} />
        ))}
      </ul>
    </Fresh>
  );
}
