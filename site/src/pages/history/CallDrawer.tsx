/** One call in full: who, when, how it came out, and everything that happened in between. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { callQuery } from "../../api/queries.ts";
import { causeWords } from "../../core/causes.ts";
import { historyRow } from "../../core/history.ts";
import { faultWords } from "../../core/problem.ts";
import { shortTarget } from "../../core/people.ts";
import { endedBy } from "../../core/story.ts";
import { formatDuration, formatFull } from "../../core/time.ts";
import { useDirectory, useNames } from "../../live/useLive.ts";
import type { Cdr } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { CallLadder } from "./CallLadder.tsx";
import { CallNotes } from "./CallNotes.tsx";
import { CallRecordings } from "./CallRecordings.tsx";
import { FlowPaths, Legs, Quality } from "./CallParts.tsx";
import { Timeline } from "./Timeline.tsx";

export function CallDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { data: cdr, error } = useQuery(callQuery(id));
  const directory = useDirectory();
  const row = cdr === undefined ? undefined : historyRow(cdr, directory, t);
  const title = row === undefined ? t.history.title : `${row.from} → ${row.to}`;
  return (
    <Dialog shape="wide" label={row === undefined ? title : t.history.drawerLabel(row.from, row.to)} onClose={onClose}>
      <DrawerHead
        title={title}
        lead={row !== undefined && <StatusMark tone={row.tone}>{row.outcome}</StatusMark>}
        onClose={onClose}
      />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {cdr !== undefined ? (
          <Details cdr={cdr} />
        ) : error === null ? (
          <Skeleton rows={5} />
        ) : (
          <EmptyState icon="history" title={faultWords(error, t)} />
        )}
      </div>
    </Dialog>
  );
}

function Details({ cdr }: { readonly cdr: Cdr }) {
  const nameOf = useNames();
  const ending = causeWords(cdr.cause, endedBy(cdr, t, nameOf), t);
  return (
    <>
      <div className="flex flex-col gap-4 border-b border-line px-5 py-5">
        {cdr.test && (
          <Notice tone="plain" icon={cdr.flow === null ? "phone" : "flow"}>
            <span className="font-medium">{cdr.flow === null ? t.history.testCall : t.history.test}.</span> {cdr.flow === null ? t.history.testCallHelp : t.history.testHelp}
          </Notice>
        )}
        {cdr.interrupted && (
          <Notice tone="warn" icon="restart">
            <span className="font-medium">{t.history.interrupted}.</span> {t.history.interruptedHelp}
          </Notice>
        )}
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-5 gap-y-1.5 tabular-nums">
          <Fact term={t.history.started}>{formatFull(cdr.started_at, t.locale)}</Fact>
          <Fact term={t.history.from}>
            {cdr.from_name !== "" && `${cdr.from_name} · `}
            {cdr.from_number}
          </Fact>
          <Fact term={t.history.to}>
            {cdr.to_name !== "" && `${cdr.to_name} · `}
            {cdr.dialled}
          </Fact>
          {cdr.answered_by !== null && <Fact term={t.history.answeredBy}>{named(shortTarget(cdr.answered_by), nameOf)}</Fact>}
          <Waited cdr={cdr} />
          {cdr.answered_at !== null && cdr.ended_at !== null && (
            <Fact term={t.history.talked}>{formatDuration(cdr.talk_s, t.duration)}</Fact>
          )}
          {ending !== "" && <Fact term={t.history.ending}>{ending}</Fact>}
          {cdr.sip_status >= 300 && <Fact term={t.history.sipStatus}>{cdr.sip_status}</Fact>}
          {cdr.source !== "" && <Fact term={t.history.source}>{cdr.source}</Fact>}
        </dl>
      </div>
      <CallNotes id={cdr.id} />
      <CallRecordings cdr={cdr} />
      <Section title={t.history.timeline}>
        <Timeline cdr={cdr} />
      </Section>
      <FlowPaths cdr={cdr} />
      <Legs cdr={cdr} />
      <Quality cdr={cdr} />
      <CallLadder id={cdr.id} />
      <div className="flex items-center gap-2 px-5 pt-3 pb-6 text-small text-faint">
        <span>{t.history.callId}</span>
        <code className="min-w-0 truncate font-mono">{cdr.id}</code>
        <CopyButton value={cdr.id} what={t.history.callId} />
      </div>
    </>
  );
}

function named(number: string, nameOf: (number: string) => string | undefined): string {
  const name = nameOf(number);
  return name === undefined ? number : `${name} · ${number}`;
}

/** How long the caller waited: until a person answered; where none did, until the node did, or the end. */
function Waited({ cdr }: { readonly cdr: Cdr }) {
  const until = cdr.answered_at ?? cdr.ended_at;
  if (until === null || (cdr.interrupted && cdr.answered_at === null)) return null;
  const seconds = (Date.parse(until) - Date.parse(cdr.started_at)) / 1000;
  return <Fact term={t.history.rang}>{formatDuration(cdr.wait_s || seconds, t.duration)}</Fact>;
}

function Fact({ term, children }: { readonly term: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-faint">{term}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}
