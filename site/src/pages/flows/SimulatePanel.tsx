/** A made-up call through the draft: who, when, what they press, and the way it takes on the canvas. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { formatDuration } from "../../core/time.ts";
import { useEditor } from "../../flow/editor.ts";
import { EMPTY_SCRIPT, readRemembered, remembered, withKeys, withReach, withWords } from "../../flow/walk/script.ts";
import type { FlowScript, FlowTest } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import type { PanelProps } from "./panels.tsx";
import { useAsked, useNames } from "./walk/hooks.ts";
import { Chip } from "./walk/Inputs.tsx";
import { simulateFlow } from "./walk/queries.ts";
import { PanelShell } from "./walk/PanelShell.tsx";
import { Player } from "./walk/Player.tsx";
import { ScriptForm, scriptWords } from "./walk/ScriptForm.tsx";
import { Transcript } from "./walk/Transcript.tsx";
import { usePlayback } from "./walk/usePlayback.ts";
import { WriteTest } from "./walk/WriteTest.tsx";

/** `argument` is the name of the test whose call is tried. */
export function SimulatePanel({ argument, onClose }: PanelProps) {
  const { number, draft, view } = useEditor();
  const test = draft.tests.find((each) => each.name === argument);
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => toDraft(), []);
  return (
    <PanelShell title={t.walk.simulate.title} onClose={onClose}>
      <Simulator key={`${number} ${argument ?? ""}`} test={test} />
    </PanelShell>
  );
}

function Simulator({ test }: { readonly test: FlowTest | undefined }) {
  const { number, draft, openPanel } = useEditor();
  const [recent, remember] = useRemembered(number);
  const [script, setScript] = useState<FlowScript>(() => test?.script ?? recent[0] ?? EMPTY_SCRIPT);
  const [writing, setWriting] = useState(false);
  const walked = useAsked(script, simulateFlow);
  const playback = usePlayback(walked.found);
  const names = useNames(draft);

  const keep = useEffectEvent((script: FlowScript) => remember(script));
  useEffect(() => {
    if (walked.question !== undefined) keep(walked.question);
  }, [walked.question]);

  if (writing && walked.found !== undefined && walked.question !== undefined) {
    return (
      <WriteTest
        script={walked.question}
        found={walked.found}
        replaced={test}
        onDone={() => openPanel("tests")}
        onCancel={() => setWriting(false)}
      />
    );
  }
  return (
    <div
      data-simulator={walked.running ? "running" : "done"}
      onKeyDown={(event) => {
        if (!isPlain(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === " ") playback.toggle();
        else if (event.key === "ArrowLeft") playback.seek(playback.index - 1);
        else if (event.key === "ArrowRight") playback.seek(playback.index + 1);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
      className="flex flex-col"
    >
      <p className="px-5 pt-4 text-pretty text-soft">{t.walk.simulate.lead}</p>
      <div className="border-b border-line px-5 py-4">
        <ScriptForm script={script} onChange={setScript} />
        <Recent recent={recent} script={script} onPick={setScript} />
      </div>
      <Faults fault={walked.fault} />
      {walked.found === undefined ? (
        walked.running && <Skeleton rows={5} />
      ) : (
        <div className={walked.fault === undefined ? "" : "stale"}>
          <div className="sticky top-0 z-10 border-b border-line bg-surface px-4 py-2">
            <Player playback={playback} names={names} />
          </div>
          <div className="py-2" aria-busy={walked.running}>
            <Transcript
              playback={playback}
              names={names}
              flow={number}
              answers={{
                press: (question, keys) => setScript(withKeys(script, question, keys)),
                say: (question, words) => setScript(withWords(script, question, words)),
                reach: (what, becomes) => setScript(withReach(script, what, becomes)),
              }}
            />
          </div>
          <div className="flex flex-wrap items-center gap-2 border-t border-line px-5 py-4">
            <Button look="primary" icon="check" disabled={walked.running || walked.fault !== undefined} onClick={() => setWriting(true)}>
              {test === undefined ? t.walk.simulate.asTest : t.walk.test.update}
            </Button>
            <Button icon="restart" busy={walked.running} onClick={walked.again}>
              {t.walk.simulate.run}
            </Button>
            <span className="text-small text-faint">
              {t.walk.simulate.duration(formatDuration(walked.found.duration_s, t.duration))}
            </span>
          </div>
        </div>
      )}
    </div>
  );
}

/** Space and arrows belong to whatever is typed into, chosen from, or pressed. */
function isPlain(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, summary, [role=group] button:not([data-moment])") === null;
}

function Recent({ recent, script, onPick }: { readonly recent: readonly FlowScript[]; readonly script: FlowScript; readonly onPick: (script: FlowScript) => void }) {
  const [now] = useState(() => Date.now());
  const others = recent.filter((each) => JSON.stringify(each) !== JSON.stringify(script)).slice(0, 4);
  if (others.length === 0) return null;
  return (
    <div className="mt-4 flex flex-col gap-1.5">
      <p className="text-small text-faint">{t.walk.simulate.recent}</p>
      <div className="flex flex-wrap gap-1.5">
        {others.map((each) => (
          <Chip key={JSON.stringify(each)} title={scriptWords(each, now)} onClick={() => onPick(each)}>
            {scriptWords(each, now)}
          </Chip>
        ))}
        {JSON.stringify(script) !== JSON.stringify(EMPTY_SCRIPT) && (
          <Chip onClick={() => onPick(EMPTY_SCRIPT)}>{t.walk.simulate.startOver}</Chip>
        )}
      </div>
    </div>
  );
}

/** A draft with faults is not walked: what is wrong, and where. */
export function Faults({ fault }: { readonly fault: unknown }) {
  const { select, fitTo, draft } = useEditor();
  const names = useNames(draft);
  if (fault === undefined) return null;
  const errors = fault instanceof RequestFault ? fault.errors : [];
  return (
    <div className="px-5 py-4">
      <Notice tone="bad" alert>
        <p className="font-medium">{errors.length > 0 ? t.walk.simulate.refused : faultWords(fault, t)}</p>
        {errors.length > 0 && <p>{t.walk.simulate.faulty}</p>}
        <ul className="mt-1 flex flex-col gap-1">
          {errors.map((each, index) => {
            const node = /^\$\.(?:nodes|wires)\.([^.]+)/.exec(each.path)?.[1];
            return (
              <li key={index}>
                {node === undefined || !(node in draft.nodes) ? (
                  each.message
                ) : (
                  <button
                    type="button"
                    className="text-left underline underline-offset-2"
                    onClick={() => {
                      select(node);
                      fitTo([node]);
                    }}
                  >
                    {names.node(node)}: {each.message}
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      </Notice>
    </div>
  );
}

/** The scripts that were tried on this flow in this browser. */
function useRemembered(number: string): readonly [readonly FlowScript[], (script: FlowScript) => void] {
  const key = `flow-scripts:${number}`;
  const [kept, setKept] = useState(() => readStored(key));
  const list = useMemo(() => readRemembered(kept), [kept]);
  const keep = (script: FlowScript) => {
    const text = JSON.stringify(remembered(list, script));
    setKept(text);
    try {
      localStorage.setItem(key, text);
    } catch {
      // A browser that keeps nothing: then they are remembered until the page is left.
    }
  };
  return [list, keep];
}

function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
