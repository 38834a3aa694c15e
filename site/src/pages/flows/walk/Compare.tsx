/** Two states of the flow on one canvas, and each difference in words. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useMemo } from "react";
import { faultWords } from "../../../core/problem.ts";
import { useEditor } from "../../../flow/editor.ts";
import { changeWords } from "../../../flow/walk/changes.ts";
import { both, marksOf, placesOf, tally, worthTelling, type FlowChange } from "../../../flow/walk/difference.ts";
import { namesIn, type Names } from "../../../flow/walk/names.ts";
import type { FlowRevision } from "../../../schema.gen.ts";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { Skeleton } from "../../../ui/Skeleton.tsx";
import { useHighlight } from "./hooks.ts";
import { Select } from "./Inputs.tsx";
import { diffQuery } from "./queries.ts";
import { DRAFT, stateName, useFlowState } from "./useFlowState.ts";

interface CompareProps {
  readonly before: string;
  readonly after: string;
  readonly revisions: readonly FlowRevision[];
  readonly onChange: (before: string, after: string) => void;
  readonly onClose: () => void;
}

export function Compare({ before, after, revisions, onChange, onClose }: CompareProps) {
  const { number, stored, types, view, fitTo, save } = useEditor();
  const old = useFlowState(before);
  const now = useFlowState(after);
  const saved = before === DRAFT || after === DRAFT ? save : undefined;
  const { data: diff, error } = useQuery(diffQuery(number, before, after, stored, saved));
  const changes = diff?.changes;
  const merged = useMemo(
    () => (now.document === undefined ? undefined : both(old.document, now.document)),
    [old.document, now.document],
  );
  useHighlight(
    "diff",
    useMemo(() => (changes === undefined || changes.length === 0 ? undefined : marksOf(changes)), [changes]),
  );

  const title = t.walk.revision.changesBetween(stateName(before), stateName(after));
  const look = useEffectEvent((shown: typeof merged) =>
    view(shown === undefined ? undefined : { document: shown, title }),
  );
  useEffect(() => look(merged), [merged, title]);
  useEffect(() => () => look(undefined), []);
  const fit = useEffectEvent((changes: readonly FlowChange[]) => fitTo(changes.flatMap(placesOf)));
  useEffect(() => {
    if (changes !== undefined && merged !== undefined) fit(changes);
  }, [changes, merged]);

  const names = useMemo(() => (merged === undefined ? undefined : namesIn(merged, types)), [merged, types]);
  const oldNames = useMemo(
    () => (old.document === undefined ? names : namesIn(old.document, types)),
    [old.document, names, types],
  );
  const states: readonly (readonly [string, string])[] = [
    [DRAFT, stateName(DRAFT)],
    ...revisions.map((each) => [String(each.revision), stateName(String(each.revision))] as const),
  ];
  const fault = error ?? old.fault ?? now.fault;
  return (
    <section aria-label={title} className="flex flex-col">
      <div className="flex flex-col gap-3 border-b border-line px-5 py-4">
        <div className="grid grid-cols-2 gap-3">
          <Select label={t.walk.revision.before} value={before} options={states} onChange={(each) => onChange(each, after)} />
          <Select label={t.walk.revision.after} value={after} options={states} onChange={(each) => onChange(before, each)} />
        </div>
        <div>
          <Button icon="chevronLeft" onClick={onClose}>
            {t.walk.revision.title}
          </Button>
        </div>
      </div>
      {fault !== null ? (
        <EmptyState icon="warning" title={faultWords(fault, t)} />
      ) : changes === undefined || names === undefined || oldNames === undefined ? (
        <Skeleton rows={4} />
      ) : changes.length === 0 ? (
        <EmptyState icon="check" title={t.walk.revision.same} />
      ) : (
        <ChangeList changes={worthTelling(changes)} before={oldNames} after={names} />
      )}
    </section>
  );
}

interface ChangeListProps {
  readonly changes: readonly FlowChange[];
  readonly before: Names;
  readonly after: Names;
}

function ChangeList({ changes, before, after }: ChangeListProps) {
  const { select, fitTo } = useEditor();
  const counts = tally(changes);
  return (
    <>
      <p role="status" className="px-5 pt-4 pb-2 font-medium">
        {t.walk.revision.tally(counts.added, counts.removed, counts.changed, counts.moved)}
      </p>
      <ul>
        {changes.map((change, index) => {
          const words = changeWords(change, before, after, t);
          const places = placesOf(change);
          return (
            <li key={index} data-change={change.change} className="border-b border-line px-5 py-2.5">
              <div className="flex items-start gap-2.5">
                <Sign change={change.change} />
                <div className="min-w-0 flex-1">
                  {places.length === 0 ? (
                    <span className="text-pretty">{words.title}</span>
                  ) : (
                    <button
                      type="button"
                      title={t.walk.goTo}
                      onClick={() => {
                        select(places[0]);
                        fitTo(places);
                      }}
                      className="text-left text-pretty underline-offset-2 hover:underline"
                    >
                      {words.title}
                    </button>
                  )}
                  {(words.old !== undefined || words.new !== undefined) && (
                    <dl className="mt-1 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 text-small">
                      <Value term={t.walk.revision.was} value={words.old} gone />
                      <Value term={t.walk.revision.is} value={words.new} />
                    </dl>
                  )}
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </>
  );
}

function Value({ term, value, gone = false }: { readonly term: string; readonly value: string | undefined; readonly gone?: boolean }) {
  if (value === undefined) return null;
  return (
    <>
      <dt className="text-faint">{term}</dt>
      <dd className={`whitespace-pre-wrap wrap-anywhere ${gone ? "text-faint line-through" : ""}`}>{value}</dd>
    </>
  );
}

const SIGNS = {
  added: ["+", "bg-good-soft text-good"],
  removed: ["−", "bg-bad-soft text-bad"],
  changed: ["~", "bg-warn-soft text-warn"],
  moved: ["↔", "bg-sunken text-soft"],
} as const;

function Sign({ change }: { readonly change: FlowChange["change"] }) {
  const [sign, look] = SIGNS[change];
  return (
    <span aria-hidden="true" className={`flex size-5 shrink-0 items-center justify-center rounded font-mono text-small ${look}`}>
      {sign}
    </span>
  );
}
