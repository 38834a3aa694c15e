import { story, type StoryTone } from "../../core/story.ts";
import { formatClock, formatTimer } from "../../core/time.ts";
import { useNames } from "../../live/useLive.ts";
import type { Cdr } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { StatusShape, type Tone } from "../../ui/StatusMark.tsx";

const LOOKS: Readonly<Record<StoryTone, { readonly tone: Tone; readonly look: string }>> = {
  start: { tone: "live", look: "text-accent" },
  plain: { tone: "plain", look: "text-faint" },
  good: { tone: "good", look: "text-good" },
  warn: { tone: "warn", look: "text-warn" },
  bad: { tone: "bad", look: "text-bad" },
  end: { tone: "live", look: "text-soft" },
};

/** What happened in a call, step by step, with the time since it began. */
export function Timeline({ cdr }: { readonly cdr: Cdr }) {
  const steps = story(cdr, t, useNames());
  if (steps.length === 0) return <p className="text-soft">{t.history.timelineNone}</p>;
  return (
    <ol>
      {steps.map((step, index) => (
        <li key={index} className="group relative flex gap-3 pb-4 last:pb-0">
          <span
            aria-hidden="true"
            className="absolute top-5 bottom-0 left-[3.6875rem] w-px bg-line group-last:hidden"
          />
          <time
            dateTime={step.at}
            title={formatClock(step.at, t.locale)}
            className="w-10 shrink-0 text-right text-small leading-5.5 text-faint tabular-nums"
          >
            {formatTimer(step.offsetMs)}
          </time>
          <span className={`z-10 mt-1 flex size-3.5 shrink-0 items-center justify-center bg-surface ${LOOKS[step.tone].look}`}>
            <StatusShape tone={LOOKS[step.tone].tone} />
          </span>
          <span className="min-w-0">
            <span className={step.tone === "bad" || step.tone === "warn" ? `font-medium ${LOOKS[step.tone].look}` : ""}>
              {step.title}
            </span>
            {step.detail !== "" && <span className="block text-small break-words text-faint">{step.detail}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}
