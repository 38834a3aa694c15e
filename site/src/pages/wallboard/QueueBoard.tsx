/** One queue of the wallboard: who waits, how it went today, and what the agents do. */
import { useMutation } from "@tanstack/react-query";
import { useId } from "react";
import { queryClient } from "../../api/queries.ts";
import { partyName } from "../../core/people.ts";
import { faultWords } from "../../core/problem.ts";
import { formatShortClock, formatTimer } from "../../core/time.ts";
import { useDirectory } from "../../live/useLive.ts";
import { useMay } from "../../media/useMay.ts";
import { QUEUES, setDuty } from "../../media/queries.ts";
import type { AgentDuty, AgentStatus, QueueStatus } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

interface QueueBoardProps {
  readonly queue: QueueStatus;
  /** When it was asked for (ms of this browser): what counts up, counts from there. */
  readonly readAt: number;
  readonly frozen: boolean;
}

/** A wait that somebody should do something about. */
const LONG_WAIT_S = 60;

export function QueueBoard({ queue, readAt, frozen }: QueueBoardProps) {
  const id = useId();
  const now = useNow();
  const since = frozen ? 0 : Math.max(0, now - readAt) / 1000;
  const longest = queue.waiting > 0 ? queue.longest_wait_s + since : 0;
  const level = queue.service_level;
  return (
    <section aria-labelledby={id} data-queue={queue.queue} className="rounded-2xl border border-line bg-surface p-4 shadow-card sm:p-5">
      <h2 id={id} className="mb-4 text-figure font-semibold">
        {queue.name} <span className="font-normal text-faint tabular-nums">{queue.queue}</span>
      </h2>
      <dl className="grid grid-cols-2 gap-3 @2xl:grid-cols-3 @4xl:grid-cols-6">
        <Figure term={t.media.wallboard.waiting} tone={queue.waiting > 0 ? (longest > LONG_WAIT_S ? "bad" : "warn") : "plain"}>
          {queue.waiting}
        </Figure>
        <Figure term={t.media.wallboard.longest} tone={longest > LONG_WAIT_S ? "bad" : "plain"}>
          {queue.waiting > 0 ? formatTimer(longest * 1000) : "–"}
        </Figure>
        <Figure term={t.media.wallboard.level} tone={level === null ? "plain" : level >= 0.8 ? "good" : level >= 0.6 ? "warn" : "bad"}>
          {level === null ? "–" : level.toLocaleString(t.locale, { style: "percent" })}
        </Figure>
        <Figure term={t.media.wallboard.answered}>{queue.answered}</Figure>
        <Figure term={t.media.wallboard.abandoned} tone={queue.abandoned > 0 ? "warn" : "plain"}>
          {queue.abandoned}
        </Figure>
        <Figure term={t.media.wallboard.average}>
          {queue.average_wait_s === null ? "–" : formatTimer(queue.average_wait_s * 1000)}
        </Figure>
      </dl>
      <div className="mt-5 grid gap-5 @3xl:grid-cols-2">
        <Callers queue={queue} since={since} />
        <Agents queue={queue} />
      </div>
    </section>
  );
}

const TONES: Readonly<Record<"plain" | "good" | "warn" | "bad", string>> = {
  plain: "bg-sunken",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
};

interface FigureProps {
  readonly term: string;
  readonly tone?: keyof typeof TONES;
  readonly children: React.ReactNode;
}

function Figure({ term, tone = "plain", children }: FigureProps) {
  return (
    <div className={`flex flex-col-reverse justify-end rounded-xl px-4 py-3 ${TONES[tone]}`}>
      <dt className="text-small opacity-90">{term}</dt>
      <dd className="text-[clamp(1.75rem,4.5cqw,4.5rem)] leading-tight font-semibold tabular-nums">{children}</dd>
    </div>
  );
}

function Callers({ queue, since }: { readonly queue: QueueStatus; readonly since: number }) {
  return (
    <div>
      <h3 className="mb-2 text-small text-faint">
        {t.media.wallboard.line}
        {queue.call_backs > 0 && ` · ${t.media.wallboard.callBacks(queue.call_backs)}`}
      </h3>
      {queue.callers.length === 0 ? (
        <p className="text-soft">{t.media.wallboard.nobody}</p>
      ) : (
        <ol className="flex flex-col gap-1.5">
          {queue.callers.slice(0, 8).map((caller, place) => (
            <li key={caller.call || `${caller.number}-${place}`} className="flex items-baseline gap-3 text-lead">
              <span className="w-5 text-right text-faint tabular-nums">{place + 1}</span>
              <span className="min-w-0 flex-1 truncate">{partyName(caller.name, caller.number)}</span>
              {caller.call_back && <span className="text-small text-faint">{t.media.wallboard.callBack}</span>}
              <span className="tabular-nums">{formatTimer((caller.waited_s + since) * 1000)}</span>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}

const STATES: Readonly<Record<AgentStatus["state"], Tone>> = {
  free: "good",
  ringing: "live",
  talking: "live",
  wrap_up: "warn",
  paused: "warn",
  missed: "warn",
  busy: "plain",
  no_phone: "bad",
  logged_out: "plain",
};

function Agents({ queue }: { readonly queue: QueueStatus }) {
  const directory = useDirectory();
  const maySwitch = useMay("calls:write");
  const duty = useMutation({
    mutationFn: ({ agent, next }: { agent: AgentStatus; next: AgentDuty }) => setDuty(queue.queue, agent.extension, next),
    onSettled: () => queryClient.invalidateQueries({ queryKey: QUEUES }),
  });
  return (
    <div>
      <h3 className="mb-2 text-small text-faint">{t.media.wallboard.agents}</h3>
      {duty.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(duty.error, t)}
        </Notice>
      )}
      <ul className="flex flex-col gap-1.5">
        {queue.agents.map((agent) => {
          const name = directory.get(agent.extension)?.name ?? agent.extension;
          return (
            <li key={agent.extension} data-agent={agent.extension} className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <span className="min-w-0 flex-1 basis-full truncate text-lead @lg:basis-32">{name}</span>
              <span className="text-small text-faint tabular-nums">
                {t.media.wallboard.calls(agent.calls)}
                {agent.last_call_at !== null && ` · ${t.media.wallboard.lastCall(formatShortClock(agent.last_call_at, t.locale))}`}
              </span>
              <StatusMark tone={STATES[agent.state]}>{t.media.wallboard.state[agent.state]}</StatusMark>
              {maySwitch && <select
                aria-label={t.media.wallboard.dutyOf(name)}
                value={!agent.logged_in ? "out" : agent.paused ? "paused" : "in"}
                disabled={duty.isPending}
                onChange={(event) =>
                  duty.mutate({ agent, next: { logged_in: event.target.value !== "out", paused: event.target.value === "paused" } })
                }
                className="min-h-9 rounded-lg border border-line bg-surface px-1.5 text-small hover:border-line-strong"
              >
                <option value="in">{t.media.wallboard.duty.in}</option>
                <option value="paused">{t.media.wallboard.duty.paused}</option>
                <option value="out">{t.media.wallboard.duty.out}</option>
              </select>}
            </li>
          );
        })}
      </ul>
      {queue.agents.length > 0 && queue.agents.every((agent) => !agent.logged_in) && (
        <p className="mt-3">
          <Notice tone="warn">{t.media.wallboard.allOut}</Notice>
        </p>
      )}
      {queue.agents.length === 0 && <p className="text-soft">{t.media.wallboard.noAgents}</p>}
    </div>
  );
}
