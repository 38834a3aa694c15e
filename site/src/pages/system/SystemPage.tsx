/** The node itself: whether it is well and what to do, what it found out about its network, and a backup to keep. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { statusQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDuration, formatFull } from "../../core/time.ts";
import type { Doctor as Findings, DoctorCheck, HealthLine } from "../../schema.gen.ts";
import { HealthText } from "../../shell/HealthText.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { BackupCard } from "./BackupCard.tsx";
import { ReplicaCard } from "./ReplicaCard.tsx";

export function SystemPage() {
  const query = useQuery(statusQuery);
  return (
    <>
      <PageHead title={t.nav.node} lead={t.admin.system.lead} />
      <div className="grid items-start gap-4 lg:grid-cols-2 lg:gap-5">
        <Card title={t.admin.system.health}>
          <Loaded query={query}>{({ status }) => <Checks lines={status.health} />}</Loaded>
        </Card>
        <Card title={t.dashboard.node}>
          <Loaded query={query}>
            {({ status }) => (
              <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5 px-4 pt-1 pb-5 sm:px-5">
                {(
                  [
                    [t.dashboard.version, status.version],
                    [t.admin.system.started, formatFull(status.started_at, t.locale)],
                    [t.dashboard.uptime, formatDuration(status.uptime_s, t.duration)],
                    [t.dashboard.sipAddress, `${status.address}:${status.sip_port}`],
                    [t.admin.settings.rtpPorts, `${status.rtp_port_min}–${status.rtp_port_max}`],
                  ] as const
                ).map(([term, value]) => (
                  <div key={term} className="contents">
                    <dt className="text-faint">{term}</dt>
                    <dd className="min-w-0 text-right break-words tabular-nums">{value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </Loaded>
        </Card>
        <Doctor />
        <ReplicaCard />
        <BackupCard />
      </div>
    </>
  );
}

function Checks({ lines }: { readonly lines: readonly HealthLine[] }) {
  if (lines.length === 0) return <EmptyState icon="check" title={t.dashboard.nodeWell} />;
  return (
    <ul className="divide-y divide-line border-t border-line">
      {lines.map((line) => (
        <li key={line.name} className="flex items-start justify-between gap-4 px-4 py-3 sm:px-5">
          <div className="min-w-0">
            <HealthText line={line} />
          </div>
          <StatusMark tone={line.ok ? "good" : "bad"}>{line.ok ? t.admin.system.well : t.admin.system.ill}</StatusMark>
        </li>
      ))}
    </ul>
  );
}

const TONES: Readonly<Record<DoctorCheck["grade"], Tone>> = { ok: "good", warning: "warn", failure: "bad" };

/** A longer look, only when asked for. */
function Doctor() {
  const look = useMutation({ mutationFn: () => request<Findings>("/doctor", { timeoutMs: 60_000 }) });
  return (
    <Card title={t.admin.system.doctor}>
      <div className="flex flex-col gap-3 px-4 pt-1 pb-4 sm:px-5">
        <p className="text-pretty text-soft">{t.admin.system.doctorHelp}</p>
        <div>
          <Button icon="search" busy={look.isPending} onClick={() => look.mutate()}>
            {t.admin.system.doctorRun}
          </Button>
        </div>
        {look.error !== null && <Trouble fault={look.error} />}
      </div>
      <ul role="status" className="divide-y divide-line border-line not-empty:border-t">
        {look.data?.items.map((check) => (
          <li key={check.name} className="flex items-start justify-between gap-4 px-4 py-3 sm:px-5">
            <div className="min-w-0">
              <p className="font-medium">{check.name}</p>
              <p className="text-small text-pretty break-words text-soft">{check.text}</p>
              {check.action !== "" && (
                <p className="text-small text-pretty">
                  <span className="font-medium">{t.dashboard.whatToDo}</span> {check.action}
                </p>
              )}
            </div>
            <StatusMark tone={TONES[check.grade]}>{t.admin.system.grades[check.grade]}</StatusMark>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function Trouble({ fault }: { readonly fault: Error }) {
  return (
    <Notice tone="bad" alert>
      {faultWords(fault, t)}
    </Notice>
  );
}
