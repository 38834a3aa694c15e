import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { statusQuery } from "../../api/queries.ts";
import { formatDuration } from "../../core/time.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import type { HealthLine, NodeStatus } from "../../schema.gen.ts";
import { HealthText } from "../../shell/HealthText.tsx";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { useNow } from "../../ui/now.ts";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark, StatusShape } from "../../ui/StatusMark.tsx";

export function NodeCard() {
  const { data, error } = useQuery(statusQuery);
  return (
    <Card title={t.dashboard.node} aside={<AsOf />} className="order-4">
      {data !== undefined ? (
        <Fresh>
          <Facts status={data.status} receivedAt={data.receivedAt} />
        </Fresh>
      ) : error === null ? (
        <Skeleton />
      ) : (
        <EmptyState icon="unplugged" title={t.dashboard.nodeUnknown} />
      )}
    </Card>
  );
}

function Facts({ status, receivedAt }: { readonly status: NodeStatus; readonly receivedAt: number }) {
  const now = useNow();
  const { stale, frozenAt } = useLive();
  const ill = status.health.filter((line) => !line.ok);
  const uptime = status.uptime_s + Math.max(0, (frozenAt ?? now) - receivedAt) / 1000;
  return (
    <div className="flex flex-col gap-3 px-4 pt-1 pb-5 sm:px-5">
      <div>
        {stale ? (
          <StatusMark tone="plain">{t.dashboard.nodeUnknownNow}</StatusMark>
        ) : ill.length === 0 ? (
          <StatusMark tone="good">{t.dashboard.nodeWell}</StatusMark>
        ) : (
          <StatusMark tone="bad">{t.dashboard.nodeIll(ill.length)}</StatusMark>
        )}
      </div>
      {ill.length > 0 && (
        <ul className="flex flex-col gap-2">
          {ill.map((line) => (
            <Ill key={line.name} line={line} />
          ))}
        </ul>
      )}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
        <Fact term={t.dashboard.sipAddress}>
          {status.address}:{status.sip_port}
        </Fact>
        <Fact term={t.dashboard.uptime}>{formatDuration(uptime, t.duration)}</Fact>
        <Fact term={t.dashboard.version}>{status.version}</Fact>
      </dl>
    </div>
  );
}

function Ill({ line }: { readonly line: HealthLine }) {
  return (
    <li className="rounded-xl bg-bad-soft px-3.5 py-2.5 text-bad">
      <HealthText line={line} mark={<StatusShape tone="bad" />} />
    </li>
  );
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{term}</dt>
      <dd className="min-w-0 text-right break-words tabular-nums">{children}</dd>
    </>
  );
}
