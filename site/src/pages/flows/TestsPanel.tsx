/** The tests of the draft: run whenever it changes; a red one says in plain words where the call went another way. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { faultWords } from "../../core/problem.ts";
import { useEditor } from "../../flow/editor.ts";
import type { Names } from "../../flow/walk/names.ts";
import { highlightPath, stepsOfSimulation } from "../../flow/walk/path.ts";
import { differences, type Difference } from "../../flow/walk/verdict.ts";
import type { FlowTest, FlowTestResult } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import type { PanelProps } from "./panels.tsx";
import { PanelShell } from "./walk/PanelShell.tsx";
import { useAsked, useHighlight, useNames } from "./walk/hooks.ts";
import { testFlow } from "./walk/queries.ts";
import { scriptWords } from "./walk/ScriptForm.tsx";

export function TestsPanel({ onClose }: PanelProps) {
  return (
    <PanelShell title={t.walk.test.title} onClose={onClose}>
      <Tests />
    </PanelShell>
  );
}

function Tests() {
  const { number, draft, view, openPanel } = useEditor();
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => toDraft(), []);
  const run = useAsked(null, askTests);
  const results = run.found ?? NONE;
  const [shown, setShown] = useState<string>();
  const simulation = results.get(shown ?? "")?.simulation;
  useHighlight(
    "test",
    useMemo(
      () =>
        simulation === undefined || simulation === null
          ? undefined
          : highlightPath(stepsOfSimulation(simulation), number, {
              here: simulation.path.at(-1)?.node,
              endedAt: simulation.duration_s * 1000,
              time: () => "",
            }),
      [simulation, number],
    ),
  );
  if (draft.tests.length === 0) {
    return (
      <EmptyState icon="check" title={t.walk.test.none} help={t.walk.test.noneHelp}>
        <Button look="primary" icon="play" onClick={() => openPanel("simulate")}>
          {t.walk.test.simulate}
        </Button>
      </EmptyState>
    );
  }
  const passed = draft.tests.filter((test) => results.get(test.name)?.passed === true).length;
  return (
    <div className="flex flex-col">
      <div className="flex flex-col gap-3 border-b border-line px-5 py-4">
        <p className="text-pretty text-soft">{t.walk.test.lead}</p>
        {run.fault !== undefined && (
          <Notice tone="bad" alert>
            {faultWords(run.fault, t)}
          </Notice>
        )}
        <div className="flex flex-wrap items-center gap-3">
          <Button icon="play" busy={run.running} onClick={run.again}>
            {t.walk.test.runAll}
          </Button>
          <p role="status" className="text-soft">
            {run.running ? t.walk.test.running : run.fault === undefined ? t.walk.test.tally(passed, draft.tests.length) : ""}
          </p>
        </div>
      </div>
      <ul aria-busy={run.running}>
        {draft.tests.map((test) => (
          <OneTest
            key={test.name}
            test={test}
            result={results.get(test.name)}
            shown={shown === test.name}
            onShow={() => setShown(shown === test.name ? undefined : test.name)}
          />
        ))}
      </ul>
    </div>
  );
}

const askTests = async (number: string): Promise<ReadonlyMap<string, FlowTestResult>> =>
  new Map((await testFlow(number)).items.map((each) => [each.name, each]));

const NONE: ReadonlyMap<string, FlowTestResult> = new Map();

interface OneTestProps {
  readonly test: FlowTest;
  readonly result: FlowTestResult | undefined;
  readonly shown: boolean;
  readonly onShow: () => void;
}

function OneTest({ test, result, shown, onShow }: OneTestProps) {
  const { draft, change, openPanel } = useEditor();
  const names = useNames(draft);
  const say = useSay();
  const [now] = useState(() => Date.now());
  const remove = () => {
    change(t.walk.test.deleteTest, (flow) => ({ ...flow, tests: flow.tests.filter((each) => each.name !== test.name) }));
    say(t.walk.test.deleted(test.name));
  };
  const red = result === undefined || result.passed ? [] : redness(test, result, names);
  return (
    <li data-test={test.name} className="border-b border-line">
      <div className="flex items-start gap-2 py-3 pr-2 pl-5">
        <button type="button" aria-expanded={shown} onClick={onShow} className="min-w-0 flex-1 text-left">
          <span className="flex flex-wrap items-center gap-2">
            <span className="min-w-0 font-medium wrap-anywhere">{test.name}</span>
            {result === undefined ? (
              <StatusMark tone="plain">{t.walk.test.notRun}</StatusMark>
            ) : (
              <StatusMark tone={result.passed ? "good" : "bad"}>{result.passed ? t.walk.test.passed : t.walk.test.failed}</StatusMark>
            )}
          </span>
          <span className="mt-0.5 block text-small text-pretty text-faint">{scriptWords(test.script, now)}</span>
        </button>
        <IconButton icon="play" label={`${t.walk.test.open}: ${test.name}`} onClick={() => openPanel("simulate", test.name)} />
        <IconButton icon="trash" label={t.walk.test.deleteWhat(test.name)} onClick={remove} />
      </div>
      {red.length > 0 && (
        <ul className="mx-5 mb-3 flex flex-col gap-1.5 rounded-lg bg-bad-soft px-3 py-2 text-bad">
          {red.map((each) => (
            <Red key={each.words} difference={each} />
          ))}
        </ul>
      )}
      {shown && (
        <div className="px-5 pb-3 text-small text-soft">
          <p className="font-medium">{t.walk.test.expects}</p>
          {test.expect.path !== null && (
            <p className="text-pretty">
              {test.expect.path.map((step) => (step.includes("/") ? step : names.node(step.split(":")[0] ?? step))).join(" → ")}
            </p>
          )}
          {test.expect.end !== null && <p>{t.walk.moment.end[test.expect.end]}</p>}
          {test.expect.reaches !== null && <p>{t.walk.test.looksReaches(test.expect.reaches.join(", ") || t.walk.test.nobody)}</p>}
        </div>
      )}
    </li>
  );
}

/** In our words; in the node's where there is no walk to compare with. */
function redness(test: FlowTest, result: FlowTestResult, names: Names): readonly Difference[] {
  const own = result.simulation === null ? [] : differences(test, result.simulation, names, t);
  return own.length > 0 ? own : result.differences.map((words) => ({ words, node: result.node ?? undefined }));
}

function Red({ difference }: { readonly difference: Difference }) {
  const { draft, select, fitTo } = useEditor();
  const { node, words } = difference;
  return (
    <li className="text-pretty">
      {words}{" "}
      {node !== undefined && node in draft.nodes && (
        <button
          type="button"
          className="underline underline-offset-2"
          onClick={() => {
            select(node);
            fitTo([node]);
          }}
        >
          {t.walk.goTo}
        </button>
      )}
    </li>
  );
}
