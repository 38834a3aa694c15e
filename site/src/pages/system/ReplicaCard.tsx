/** The second copy of the office: whether it is up to date, and a drill that proves it. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { queryClient } from "../../api/queries.ts";
import { drillReplication, replicationQuery } from "../../api/replication.ts";
import { faultWords } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import type { BlobState, DrillReport, ReplicationState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const TONES: Readonly<Record<ReplicationState["condition"], Tone>> = {
  off: "warn",
  starting: "warn",
  running: "good",
  behind: "warn",
  stopped: "bad",
  fenced: "bad",
};

export function ReplicaCard() {
  const query = useQuery(replicationQuery);
  return (
    <Card title={t.replication.title}>
      <div className="flex flex-col gap-3 px-4 pt-1 pb-5 sm:px-5">
        <Loaded query={query}>{(state) => (state.condition === "off" ? <Off /> : <State state={state} />)}</Loaded>
      </div>
    </Card>
  );
}

function Off() {
  return (
    <div>
      <p className="font-medium">{t.replication.off}</p>
      <p className="text-small text-pretty text-soft">{t.replication.offHelp}</p>
    </div>
  );
}

function State({ state }: { readonly state: ReplicationState }) {
  const words = t.replication;
  return (
    <>
      <div>
        <StatusMark tone={TONES[state.condition]}>{words.conditions[state.condition]}</StatusMark>
      </div>
      {state.problem !== "" && (
        <Notice tone={state.condition === "behind" ? "warn" : "bad"}>
          <p className="break-words">{state.problem}</p>
          <p className="text-small">{state.action}</p>
        </Notice>
      )}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-small">
        <Fact name={words.where}>{state.target}</Fact>
        {state.databases.map((each) => (
          <Fact key={each.name} name={words.databases[each.name] ?? each.name}>
            {typeof each.lag_s === "number" ? words.lag(each.lag_s) : words.never}
          </Fact>
        ))}
        <Fact name={words.files}>{filesOf(state.files ?? null)}</Fact>
        <Fact name={words.key}>{state.keeps_key ? words.keyThere : words.keyMissing}</Fact>
        <Fact name={words.program}>{`${state.litestream} · ${words.generation} ${state.generation}`}</Fact>
      </dl>
      <Drill state={state} />
    </>
  );
}

function Drill({ state }: { readonly state: ReplicationState }) {
  const words = t.replication;
  const drill = useMutation({
    mutationFn: drillReplication,
    onSettled: () => queryClient.invalidateQueries({ queryKey: replicationQuery.queryKey }),
  });
  return (
    <div className="flex flex-col gap-2 border-t border-line pt-3">
      <h3 className="font-medium">{words.drill}</h3>
      <p className="text-small text-pretty text-soft">
        {words.drillHelp} {words.every(state.drill_hours)}
      </p>
      <div role="status">
        {state.last_drill ? <Report report={state.last_drill} /> : <p className="text-small">{words.drillNone}</p>}
      </div>
      <div>
        <Button icon="check" busy={drill.isPending || state.drilling} onClick={() => drill.mutate()}>
          {words.drillNow}
        </Button>
      </div>
      {drill.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(drill.error, t)}
        </Notice>
      )}
    </div>
  );
}

function Report({ report }: { readonly report: DrillReport }) {
  const words = t.replication;
  return (
    <div className="text-small">
      <p className="flex flex-wrap items-center gap-x-3">
        <StatusMark tone={report.ok ? "good" : "bad"}>{report.ok ? words.passed : words.failed}</StatusMark>
        <span className="text-soft">{formatFull(report.at, t.locale)}</span>
      </p>
      {report.ok && <p>{words.compared(report.rows, report.tables, report.files)}</p>}
      <ul className="list-disc pl-5">
        {report.faults.map((fault) => (
          <li key={fault} className="break-words">
            {fault}
          </li>
        ))}
      </ul>
    </div>
  );
}

function filesOf(files: BlobState | null): string {
  const words = t.replication;
  if (files === null) return words.filesOff;
  if (files.error !== "") return files.error;
  if (files.waiting > 0) return words.filesWaiting(files.waiting, `${(files.waiting_bytes / 1e6).toFixed(1)} MB`);
  return words.filesDone(files.kept);
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
