import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { statusQuery } from "../../api/queries.ts";
import { phoneRows } from "../../core/phones.ts";
import { newestCall, verdictOf, type Verdict } from "../../core/welcome.ts";
import { CallRow } from "../../live/CallRow.tsx";
import { viewCall } from "../../core/calls.ts";
import type { LiveCall } from "../../schema.gen.ts";
import { useLive } from "../../live/useLive.ts";
import { EchoTest } from "../../pocket/EchoTest.tsx";
import { p } from "../../pocket/text.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useOwnPhone } from "./OwnPhone.tsx";
import { StepFrame } from "./StepFrame.tsx";

interface CallStepProps {
  /** The extension whose phone was connected in the step before. */
  readonly likely: string | undefined;
  readonly onHeard: () => void;
  readonly onSkip: () => void;
}

interface Seen {
  readonly id: string;
  readonly verdict: Verdict;
}

/** What is known of the watched call now; the very same object while nothing is new. A call that was heard stays so. */
function watch(seen: Seen | undefined, call: LiveCall): Seen {
  const verdict = verdictOf(call);
  if (seen?.id !== call.id) return { id: call.id, verdict };
  const same = JSON.stringify(seen.verdict) === JSON.stringify(verdict);
  return same || (seen.verdict.kind === "heard" && verdict.kind !== "silent") ? seen : { id: call.id, verdict };
}

/** A call that was heard: out of this browser, which measures it, or of a phone, where the person has to say so. */
export function CallStep({ likely, onHeard, onSkip }: CallStepProps) {
  const [fine, setFine] = useState(false);
  const [going, setGoing] = useState(false);
  const [heardThere, setHeardThere] = useState(false);
  // The call of this page may be there for a moment when it has ended here: it is no phone's.
  const [ours, setOurs] = useState<ReadonlySet<string>>(() => new Set());
  const { data, calls } = useLive();
  const { user } = useSession();
  const own = useOwnPhone(likely);
  const first = data === undefined ? undefined : phoneRows(data).find((row) => row.extension.enabled)?.extension.number;
  const two = new Set([...(data?.registrations.values() ?? [])].map((each) => each.extension)).size > 1;
  const follow = (now: boolean) => {
    if (now === going) return;
    setGoing(now);
    setOurs(new Set(calls.map((each) => each.id)));
    if (now) setHeardThere(false);
  };
  return (
    <StepFrame
      title={t.admin.welcome.callTitle}
      help={p.echo.lead}
      onSkip={onSkip}
      next={
        <Button look="primary" icon="check" disabled={!fine && !heardThere} onClick={() => void own.save().then(onHeard, () => undefined)}>
          {fine ? t.admin.welcome.next : t.admin.welcome.iHeard}
        </Button>
      }
    >
      {own.offer}
      <EchoTest extension={user.extension === null ? first : undefined} before={own.save} onFine={() => setFine(true)} onGoing={follow} />
      {!going && !fine && (
        <div className="flex flex-col gap-3 border-t border-line pt-4">
          <p className="text-pretty text-soft">
            {p.echo.phoneHelp} {two ? t.admin.welcome.callHelpTwo : t.admin.welcome.callHelp}
          </p>
          <PhoneCall ours={ours} onHeard={setHeardThere} />
        </div>
      )}
    </StepFrame>
  );
}

/** The call of a phone, as the node sees it: only that and the person together are a success. */
function PhoneCall({ ours, onHeard }: { readonly ours: ReadonlySet<string>; readonly onHeard: (heard: boolean) => void }) {
  const { calls } = useLive();
  const call = newestCall(calls.filter((each) => !ours.has(each.id)));
  const [seen, setSeen] = useState<Seen | undefined>(undefined);
  const [deafIn, setDeafIn] = useState("");

  // What the call showed stays when it is over: the question comes after it.
  const latest = call === undefined ? seen : watch(seen, call);
  if (latest !== seen) setSeen(latest);
  const verdict = latest?.verdict;
  const deaf = deafIn !== "" && latest?.id === deafIn;
  const heard = verdict?.kind === "heard";
  const tell = useEffectEvent((now: boolean) => onHeard(now));
  useEffect(() => tell(heard && !deaf), [heard, deaf]);
  return (
    <>
      {call === undefined ? (
        latest === undefined && <Dial />
      ) : (
        <ul className="rounded-xl border border-line">
          <CallRow call={viewCall(call, t)} />
        </ul>
      )}
      {verdict !== undefined && <VerdictNotice verdict={verdict} over={call === undefined} />}
      {heard && !deaf && (
        <p className="flex flex-wrap items-center justify-between gap-3">
          <span className="font-medium">{verdict.echo ? t.admin.welcome.askEcho : t.admin.welcome.askBoth}</span>
          <Button onClick={() => setDeafIn(latest?.id ?? "")}>{t.admin.welcome.notHeard}</Button>
        </p>
      )}
      {deaf && <WhatToDo title={t.admin.welcome.deafTitle} />}
    </>
  );
}

function Dial() {
  return (
    <p role="status" className="flex items-center gap-4 rounded-xl bg-sunken px-4 py-4">
      <Icon name="phone" className="ringing-dot size-6 text-accent" />
      <span>
        <span className="block text-title font-semibold tracking-wide">*43</span>
        <span className="text-soft">{t.admin.welcome.dial}</span>
      </span>
    </p>
  );
}

function VerdictNotice({ verdict, over }: { readonly verdict: Verdict; readonly over: boolean }) {
  switch (verdict.kind) {
    case "ringing":
      return over ? <Notice tone="warn">{t.admin.welcome.neverAnswered}</Notice> : null;
    case "answered":
      return over ? <WhatToDo title={t.admin.welcome.neverHeard} /> : <Notice tone="plain" icon="live">{t.admin.welcome.listening}</Notice>;
    case "silent":
      return <WhatToDo title={t.admin.welcome.silent(verdict.extension)} />;
    case "heard":
      return (
        <p role="status" data-heard className="flex items-center gap-3 rounded-xl bg-good-soft px-4 py-3 font-medium text-good">
          <Icon name="live" className="size-5" />
          {verdict.echo ? t.admin.welcome.heardEcho : t.admin.welcome.heardBoth}
        </p>
      );
  }
}

/** Sound that does not arrive has few causes; the likeliest first, with this node's own figures. */
function WhatToDo({ title }: { readonly title: string }) {
  const { data } = useQuery(statusQuery);
  const status = data?.status;
  return (
    <Notice tone="warn" alert>
      <p className="font-medium">{title}</p>
      <ol className="mt-1 list-decimal pl-5">
        <li>{t.admin.welcome.doMute}</li>
        {status !== undefined && <li>{t.admin.welcome.doAddress(status.address)}</li>}
        {status !== undefined && <li>{t.admin.welcome.doPorts(status.rtp_port_min, status.rtp_port_max)}</li>}
        <li>{t.admin.welcome.doAgain}</li>
      </ol>
    </Notice>
  );
}
