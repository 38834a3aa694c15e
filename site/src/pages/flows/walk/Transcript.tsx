/** What happens in a made-up call, line by line. What the caller and others do can be changed where it happens. */
import { useEffect, useRef, useState, type ReactNode } from "react";
import { formatTimer } from "../../../core/time.ts";
import { momentWords } from "../../../flow/walk/moments.ts";
import type { Names } from "../../../flow/walk/names.ts";
import { REACHES, reachName, type Reach } from "../../../flow/walk/script.ts";
import type { Moment } from "../../../flow/walk/timeline.ts";
import { t } from "../../../text/index.ts";
import { Icon, type IconName } from "../../../ui/Icon.tsx";
import { Keypad } from "./Keypad.tsx";
import type { Playback } from "./usePlayback.ts";
import { Words } from "./Words.tsx";

export interface Answers {
  readonly press: (question: number, keys: string) => void;
  readonly say: (question: number, words: string) => void;
  readonly reach: (what: string, becomes: Reach) => void;
}

interface TranscriptProps {
  readonly playback: Playback;
  readonly names: Names;
  readonly flow: string;
  readonly answers: Answers;
}

export function Transcript({ playback, names, flow, answers }: TranscriptProps) {
  const { moments, index, seek } = playback;
  const [asked, setAsked] = useState<number>();
  const list = useRef<HTMLOListElement>(null);

  useEffect(() => {
    const line = list.current?.querySelector<HTMLElement>(`[data-moment="${index}"]`);
    if (playback.playing) line?.scrollIntoView({ block: "nearest" });
  }, [index, playback.playing]);

  return (
    <ol ref={list} aria-label={t.walk.simulate.transcript} className="flex flex-col">
      {moments.map((moment, place) => (
        <li key={place} data-moment={place} className={place > index ? "stale" : ""}>
          <Line moment={moment} shown={place === index} names={names} flow={flow} onClick={() => seek(place)}>
            {moment.what === "reached" && moment.deed.result !== "" && (
              <Becomes moment={moment} onChange={answers.reach} />
            )}
            {isAnswer(moment) && (
              <button
                type="button"
                aria-expanded={asked === place}
                aria-label={`${moment.what === "pressed" ? t.walk.simulate.pressWhat : t.walk.simulate.sayWhat}: ${t.walk.simulate.change}`}
                onClick={() => setAsked(asked === place ? undefined : place)}
                className="min-h-8 shrink-0 rounded-md border border-line px-2 text-small text-soft hover:border-line-strong hover:text-ink md:min-h-7"
              >
                {t.walk.simulate.change}
              </button>
            )}
          </Line>
          {asked === place && moment.what === "pressed" && moment.question !== null && (
            <div className="pl-13">
              <Keypad
                label={t.walk.simulate.pressWhat}
                keys={moment.keys}
                onKeys={(keys) => answers.press(moment.question ?? 0, keys)}
                onClose={() => setAsked(undefined)}
              />
            </div>
          )}
          {asked === place && moment.what === "said" && moment.question !== null && (
            <div className="pl-13">
              <Words
                label={t.walk.simulate.sayWhat}
                words={moment.words}
                onWords={(words) => answers.say(moment.question ?? 0, words)}
                onClose={() => setAsked(undefined)}
              />
            </div>
          )}
        </li>
      ))}
    </ol>
  );
}

function isAnswer(moment: Moment): boolean {
  return (moment.what === "pressed" || moment.what === "said") && moment.question !== null;
}

const ICONS: Readonly<Record<Moment["what"], IconName>> = {
  enter: "chevronRight",
  heard: "live",
  pressed: "dice",
  said: "user",
  reached: "phone",
  did: "check",
  leave: "arrowRight",
  end: "phone",
};

interface LineProps {
  readonly moment: Moment;
  readonly shown: boolean;
  readonly names: Names;
  readonly flow: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

function Line({ moment, shown, names, flow, onClick, children }: LineProps) {
  const words = momentWords(moment, names, t);
  const head = moment.what === "enter";
  const quiet = moment.what === "leave";
  return (
    <div
      className={`flex items-start gap-2 border-l-2 pr-4 pl-3 ${shown ? "border-accent bg-accent-soft" : "border-transparent"} ${head ? "mt-2" : ""}`}
    >
      <button
        type="button"
        aria-current={shown ? "step" : undefined}
        onClick={onClick}
        className="flex min-w-0 flex-1 items-start gap-2 py-1.5 text-left"
      >
        <span className="w-9 shrink-0 pt-0.5 text-right text-label text-faint tabular-nums">
          {head || moment.what === "end" ? formatTimer(moment.atS * 1000) : ""}
        </span>
        {!head && <Icon name={ICONS[moment.what]} className="mt-1 size-3.5 text-faint" />}
        <span
          className={`min-w-0 text-pretty wrap-anywhere ${head || moment.what === "end" ? "font-semibold" : quiet ? "text-small text-faint" : ""}`}
        >
          {words}
          {head && moment.flow !== flow && (
            <span className="ml-1.5 font-normal text-faint">{t.walk.otherFlow(moment.flow)}</span>
          )}
        </span>
      </button>
      {children !== undefined && <span className="py-1">{children}</span>}
    </div>
  );
}

interface BecomesProps {
  readonly moment: Extract<Moment, { readonly what: "reached" }>;
  readonly onChange: (what: string, becomes: Reach) => void;
}

/** What becomes of whoever is rung: chosen in the sentence that tells it. */
function Becomes({ moment, onChange }: BecomesProps) {
  const { what, to, result } = moment.deed;
  return (
    <select
      aria-label={t.walk.becomes(momentWords(moment, NOTHING, t))}
      value={result}
      onChange={(event) => onChange(reachName(what, to), event.target.value as Reach)}
      className="min-h-8 max-w-36 rounded-md border border-line bg-surface px-1.5 text-small hover:border-line-strong md:min-h-7"
    >
      {REACHES.map((reach) => (
        <option key={reach} value={reach}>
          {t.walk.reach[reach]}
        </option>
      ))}
    </select>
  );
}

const NOTHING: Names = { node: (id) => id, exit: (_, exit) => exit, parameter: (_, name) => name, unit: () => "", type: (kind) => kind };
