/** The way of a call that is over, on the revision that it met. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo } from "react";
import { partyName } from "../../../core/people.ts";
import { formatFull, formatTimer } from "../../../core/time.ts";
import { useEditor } from "../../../flow/editor.ts";
import type { Flow } from "../../../flow/types.ts";
import { namesIn } from "../../../flow/walk/names.ts";
import { flowsOf, highlightPath, stepsOfEvents, type WalkStep } from "../../../flow/walk/path.ts";
import type { Cdr } from "../../../schema.gen.ts";
import { p } from "../../../pocket/text.ts";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { Notice } from "../../../ui/Notice.tsx";
import { useHighlight } from "./hooks.ts";
import { revisionQuery } from "./queries.ts";

export function CallPath({ cdr, onClose }: { readonly cdr: Cdr; readonly onClose: () => void }) {
  const { number } = useEditor();
  const steps = useMemo(() => stepsOfEvents(cdr.events), [cdr.events]);
  const here = steps.find((step) => step.flow === number);
  if (here === undefined) {
    return (
      <EmptyState icon="history" title={steps.length === 0 ? t.walk.path.noSteps : t.walk.path.notThisFlow}>
        <Elsewhere cdr={cdr} steps={steps} />
        <Button onClick={onClose}>{t.walk.path.close}</Button>
      </EmptyState>
    );
  }
  return <Shown cdr={cdr} steps={steps} revision={here.revision} onClose={onClose} />;
}

interface ShownProps {
  readonly cdr: Cdr;
  readonly steps: readonly WalkStep[];
  readonly revision: number;
  readonly onClose: () => void;
}

function Shown({ cdr, steps, revision, onClose }: ShownProps) {
  const { number, draft, types, view, fitTo } = useEditor();
  // A call that tried the draft out met no revision: it is shown on the draft, which may be another by now.
  const { data: met, error } = useQuery({ ...revisionQuery(number, revision), enabled: revision > 0 });
  const who = partyName(cdr.from_name, cdr.from_number);
  const document = (met?.document ?? undefined) as Flow | undefined;

  const look = useEffectEvent((document: Flow | undefined) => {
    view(document === undefined ? undefined : { document, title: t.walk.path.asItWas(revision, who) });
    if (document !== undefined) fitTo(steps.filter((step) => step.flow === number).map((step) => step.node));
  });
  useEffect(() => look(document), [document]);
  useEffect(() => () => look(undefined), []);

  const endedAt = Date.parse(cdr.ended_at ?? cdr.events.at(-1)?.at ?? cdr.started_at);
  const marks = useMemo(
    () => highlightPath(steps, number, { endedAt, time: (ms) => formatTimer(ms) }),
    [steps, number, endedAt],
  );
  useHighlight("path", marks);

  const names = useMemo(() => namesIn(document ?? draft, types), [document, draft, types]);
  return (
    <section aria-label={t.walk.path.of(who)} data-path={cdr.id} className="flex flex-col">
      <div className="flex flex-col gap-2 border-y border-line px-5 py-4">
        <h3 className="text-lead font-semibold">{t.walk.path.of(who)}</h3>
        <p className="text-soft tabular-nums">
          {formatFull(cdr.started_at, t.locale)} · {revision > 0 ? t.walk.path.revision(revision) : p.trial.draft}
        </p>
        {error !== null && <Notice tone="warn">{t.walk.path.revisionGone(revision)}</Notice>}
        <div className="flex flex-wrap gap-2">
          <Button icon="close" onClick={onClose}>
            {t.walk.path.close}
          </Button>
          <Link
            to="/history"
            search={{ call: cdr.id }}
            className="inline-flex min-h-9 items-center rounded-lg px-3 text-soft hover:bg-hover hover:text-ink"
          >
            {t.walk.path.openCall}
          </Link>
        </div>
      </div>
      <ol aria-label={t.walk.path.steps} className="flex flex-col py-2">
        {steps.map((step, index) => (
          <PathStep
            key={index}
            step={step}
            endedAt={endedAt}
            keys={keysWithin(cdr, step, endedAt)}
            name={step.flow === number ? names.node(step.node) : step.node}
            exit={step.exit ? (step.flow === number ? names.exit(step.node, step.exit) : step.exit) : ""}
            last={index === steps.length - 1}
          />
        ))}
      </ol>
      <div className="flex flex-wrap gap-2 px-5 pb-4">
        <Elsewhere cdr={cdr} steps={steps} />
      </div>
    </section>
  );
}

/** The keys that the caller pressed while it was there; which ones, the history does not keep. */
function keysWithin(cdr: Cdr, step: WalkStep, endedAt: number): number {
  return cdr.events.filter((event) => {
    const at = Date.parse(event.at);
    return event.type === "digit" && event.leg === "a" && at > step.at && at <= (step.leftAt ?? endedAt);
  }).length;
}

interface PathStepProps {
  readonly step: WalkStep;
  readonly endedAt: number;
  readonly keys: number;
  readonly name: string;
  readonly exit: string;
  readonly last: boolean;
}

function PathStep({ step, endedAt, keys, name, exit, last }: PathStepProps) {
  const { number, document, select, fitTo } = useEditor();
  const drawn = step.flow === number && step.node in document.nodes;
  const ending = exit !== "" ? t.walk.path.exit(exit) : last ? t.walk.path.ended : t.walk.path.wentOn;
  return (
    <li data-step={step.node}>
      <button
        type="button"
        disabled={!drawn}
        onClick={() => {
          select(step.node);
          fitTo([step.node]);
        }}
        className="flex w-full items-baseline gap-3 px-5 py-2 text-left enabled:hover:bg-hover"
      >
        <span className="w-10 shrink-0 text-right text-small text-faint tabular-nums">
          {formatTimer((step.leftAt ?? endedAt) - step.at)}
        </span>
        <span className="min-w-0">
          <span className="font-medium wrap-anywhere">{name}</span>
          {step.flow !== number && <span className="ml-1.5 text-faint">{t.walk.otherFlow(step.flow)}</span>}
          <span className={`block text-small text-pretty ${step.exit === "failed" ? "text-bad" : "text-faint"}`}>
            {[keys > 0 ? t.walk.path.pressedTimes(keys) : "", ending, step.detail].filter((each) => each !== "").join(", ")}
          </span>
        </span>
      </button>
    </li>
  );
}

/** The other flows that the call took. */
function Elsewhere({ cdr, steps }: { readonly cdr: Cdr; readonly steps: readonly WalkStep[] }) {
  const { number } = useEditor();
  return flowsOf(steps)
    .filter((step) => step.flow !== number)
    .map((step) => (
      <Link
        key={step.flow}
        to="/flows/$number"
        params={{ number: step.flow }}
        search={{ tab: "path", show: `call:${cdr.id}` }}
        className="inline-flex min-h-9 items-center rounded-lg border border-line px-3 hover:bg-hover"
      >
        {t.walk.path.openOther(step.flow)}
      </Link>
    ));
}
