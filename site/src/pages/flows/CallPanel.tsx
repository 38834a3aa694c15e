/** A real call from this browser into the flow, the draft as it stands here; the canvas shows the way it takes. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo, useState, useSyncExternalStore } from "react";
import { request } from "../../api/client.ts";
import { phoneRows } from "../../core/phones.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { formatTimer } from "../../core/time.ts";
import { useEditor } from "../../flow/editor.ts";
import { highlightPath, stepsOfLive, type WalkStep } from "../../flow/walk/path.ts";
import { useClockOffset, useLive } from "../../live/useLive.ts";
import { Trouble } from "../../pocket/EchoTest.tsx";
import { OneCall, type OneCallState } from "../../pocket/oneCall.ts";
import { p } from "../../pocket/text.ts";
import type { FlowTestCall, LiveCall } from "../../schema.gen.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark } from "../../ui/StatusMark.tsx";
import type { PanelProps } from "./panels.tsx";
import { flowStatesQuery } from "./queries.ts";
import { Faults } from "./SimulatePanel.tsx";
import { useHighlight, useNames } from "./walk/hooks.ts";
import { Segments, Select } from "./walk/Inputs.tsx";
import { PanelShell } from "./walk/PanelShell.tsx";

export function CallPanel({ onClose }: PanelProps) {
  const { view } = useEditor();
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => toDraft(), []);
  return (
    <PanelShell title={p.trial.title} onClose={onClose}>
      <Caller />
    </PanelShell>
  );
}

function Caller() {
  const { number, save } = useEditor();
  const { user } = useSession();
  const { data } = useLive();
  const { data: states } = useQuery(flowStatesQuery);
  const live = states?.items.some((each) => each.flow === number && each.live !== null) === true;
  const [which, setWhich] = useState<"draft" | "live">("draft");
  const [from, setFrom] = useState<string>();
  const [call] = useState(() => new OneCall());
  const state = useSyncExternalStore(call.subscribe, call.snapshot);
  const [dialled, setDialled] = useState("");
  useEffect(() => call.close, [call]);

  const people = data === undefined ? [] : phoneRows(data).filter((row) => row.extension.enabled);
  const extension = from ?? user.extension ?? people[0]?.extension.number;
  const placing = useMutation({
    mutationFn: () =>
      call.start({
        extension: extension === user.extension ? undefined : extension,
        dial: async () => {
          if (which === "draft") await save();
          const made = await request<FlowTestCall>(`/flows/${encodeURIComponent(number)}/test-calls`, { method: "POST", body: { draft: which === "draft" } });
          setDialled(made.dial);
          return made.dial;
        },
      }),
  });
  const going = state.is === "opening" || state.is === "calling" || state.is === "talking";
  const refused = placing.error instanceof RequestFault ? placing.error : undefined;
  return (
    <div data-trial={state.is} className="flex flex-col">
      <div className="flex flex-col gap-4 border-b border-line px-5 py-4">
        <p className="text-pretty text-soft">{p.trial.lead}</p>
        {!going && (
          <>
            {live && (
              <Segments
                label={p.trial.what}
                value={which}
                options={[
                  ["draft", p.trial.draft],
                  ["live", p.trial.live],
                ]}
                onChange={setWhich}
              />
            )}
            {people.length > 1 && user.extension === null && extension !== undefined && (
              <Select
                label={p.trial.as}
                value={extension}
                options={people.map((row) => [row.extension.number, `${row.extension.number} · ${row.extension.name}`])}
                onChange={setFrom}
              />
            )}
            <Button look="primary" icon="phone" onClick={() => placing.mutate()}>
              {p.trial.start}
            </Button>
          </>
        )}
        {going && <Going call={call} state={state} />}
        {state.is === "over" && refused === undefined && <Over state={state} />}
      </div>
      {!going && refused !== undefined && (refused.errors.length > 0 ? <Faults fault={refused} /> : <p role="alert" className="px-5 py-4 text-bad">{faultWords(refused, t)}</p>)}
      {dialled !== "" && <Way key={dialled} dialled={dialled} over={!going} />}
    </div>
  );
}

function Going({ call, state }: { readonly call: OneCall; readonly state: OneCallState }) {
  const now = useNow();
  const view = state.is === "talking" || state.is === "calling" ? state.call : undefined;
  const since = view?.answeredAt;
  return (
    <>
      <p role="status" className="flex items-center justify-between gap-3">
        <StatusMark tone={state.is === "talking" ? "good" : "live"}>
          {state.is === "talking" ? p.trial.talking : state.is === "calling" ? p.trial.calling : p.trial.saving}
        </StatusMark>
        {since !== undefined && <span className="font-medium tabular-nums">{formatTimer(Math.max(0, now - since))}</span>}
      </p>
      {view !== undefined && state.is === "talking" && <Keys pressed={view.digits} onKey={(key) => call.current?.dtmf(key)} />}
      <div className="flex gap-2">
        {view !== undefined && (
          <Button icon={view.muted ? "micOff" : "mic"} aria-pressed={view.muted} className="flex-1" onClick={() => call.current?.mute(!view.muted)}>
            {view.muted ? p.trial.unmute : p.trial.mute}
          </Button>
        )}
        <Button look="danger" icon="close" className="flex-1" onClick={call.hangUp}>
          {p.trial.hangUp}
        </Button>
      </div>
    </>
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"] as const;

function Keys({ pressed, onKey }: { readonly pressed: string; readonly onKey: (key: string) => void }) {
  return (
    <div
      role="group"
      aria-label={p.trial.keys}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || event.altKey || !/^[0-9*#]$/.test(event.key)) return;
        event.stopPropagation();
        event.preventDefault();
        onKey(event.key);
      }}
    >
      <output aria-label={p.trial.pressed} className="block min-h-7 truncate text-center text-lead tracking-widest tabular-nums">
        {pressed}
      </output>
      <div className="grid grid-cols-3 gap-1.5">
        {KEYS.map((key) => (
          <button
            key={key}
            type="button"
            data-key={key}
            onClick={() => onKey(key)}
            className="flex min-h-11 items-center justify-center rounded-lg bg-sunken text-lead font-medium tabular-nums transition-colors hover:bg-hover active:bg-accent-soft"
          >
            {key}
          </button>
        ))}
      </div>
    </div>
  );
}

function Over({ state }: { readonly state: Extract<OneCallState, { readonly is: "over" }> }) {
  if (state.trouble === undefined && state.seconds > 0) return <p role="status" className="text-soft">{p.trial.lasted(formatTimer(state.seconds * 1000))}</p>;
  return <Trouble trouble={state.trouble} detail={state.detail} />;
}

/** Where the call is, and where it was: it stays when it is over. The node knows it by what was dialled. */
function Way({ dialled, over }: { readonly dialled: string; readonly over: boolean }) {
  const { number, draft, select, fitTo } = useEditor();
  const { calls } = useLive();
  const names = useNames(draft);
  const now = useNow() + useClockOffset();
  const here = calls.find((each) => each.flow?.test === dialled);
  const [seen, setSeen] = useState<LiveCall>();
  if (here !== undefined && here !== seen) setSeen(here);
  const steps = useMemo(() => (seen === undefined ? [] : stepsOfLive(seen.flow_path)), [seen]);
  const at = over ? undefined : steps.findLast((step) => step.exit === null && step.flow === number)?.node;
  const until = over ? (steps.at(-1)?.leftAt ?? steps.at(-1)?.at ?? 0) : now;
  const marks = useMemo(() => highlightPath(steps, number, { here: at, endedAt: until, time: (ms) => formatTimer(ms) }), [steps, number, at, until]);
  useHighlight("trial", steps.length === 0 ? undefined : marks);
  const follow = useEffectEvent((node: string | undefined) => {
    if (node !== undefined) fitTo([node]);
  });
  useEffect(() => follow(at), [at]);
  if (seen === undefined) return null;
  return (
    <section aria-label={p.trial.path} className="py-3">
      <h3 className="px-5 pb-1 font-semibold">{p.trial.path}</h3>
      <ol>
        {steps.map((step, index) => (
          <Step key={index} step={step} here={!over && step.exit === null} until={until} name={step.flow === number ? names.node(step.node) : step.node} exit={step.exit ? (step.flow === number ? names.exit(step.node, step.exit) : step.exit) : ""} onGo={() => {
            select(step.node);
            fitTo([step.node]);
          }} />
        ))}
      </ol>
      {over && (
        <Link to="/history" search={{ call: seen.id }} className="mx-5 mt-2 inline-flex min-h-9 items-center rounded-lg border border-line px-3 hover:bg-hover">
          {p.trial.openCall}
        </Link>
      )}
    </section>
  );
}

interface StepProps {
  readonly step: WalkStep;
  readonly here: boolean;
  readonly until: number;
  readonly name: string;
  readonly exit: string;
  readonly onGo: () => void;
}

function Step({ step, here, until, name, exit, onGo }: StepProps) {
  return (
    <li data-step={step.node} data-here={here || undefined}>
      <button type="button" onClick={onGo} className={`flex w-full items-baseline gap-3 px-5 py-1.5 text-left hover:bg-hover ${here ? "bg-accent-soft" : ""}`}>
        <span className="w-10 shrink-0 text-right text-small text-faint tabular-nums">{formatTimer(Math.max(0, (step.leftAt ?? until) - step.at))}</span>
        <span className="min-w-0">
          <span className="font-medium wrap-anywhere">{name}</span>
          {(exit !== "" || step.detail !== "") && (
            <span className={`block text-small text-pretty ${step.exit === "failed" ? "text-bad" : "text-faint"}`}>
              {[exit === "" ? "" : t.walk.path.exit(exit), step.detail].filter((each) => each !== "").join(", ")}
            </span>
          )}
        </span>
      </button>
    </li>
  );
}
