/** The facts, one row each: what they are about, and what is told word for word. */
import { useEffect, useRef } from "react";
import type { Fact } from "../../core/facts.ts";
import { e } from "../../text/edge.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { BOX } from "../../ui/Field.tsx";

const MOST = 40;

interface FactsProps {
  readonly facts: readonly Fact[];
  readonly locked: boolean;
  readonly onChange: (facts: readonly Fact[]) => void;
}

export function Facts({ facts, locked, onChange }: FactsProps) {
  const list = useRef<HTMLUListElement>(null);
  const added = useRef(false);
  useEffect(() => {
    if (!added.current) return;
    added.current = false;
    list.current?.lastElementChild?.querySelector("input")?.focus();
  }, [facts.length]);
  const add = (fact: Fact) => {
    added.current = true;
    onChange([...facts, fact]);
  };
  const put = (at: number, fact: Fact) => onChange(facts.map((each, index) => (index === at ? fact : each)));
  const missing = e.receptionist.suggestions.filter((topic) => facts.every((fact) => fact.topic.toLowerCase() !== topic.toLowerCase()));
  return (
    <div className="px-4 pb-5 sm:px-5">
      <p className="mb-3 max-w-prose text-small text-pretty text-soft">{e.receptionist.factsHelp}</p>
      {facts.length === 0 && <EmptyState icon="list" title={e.receptionist.noFacts} help={e.receptionist.noFactsHelp} />}
      <ul ref={list} className="flex flex-col gap-2">
        {facts.map((fact, at) => (
          <li key={at} data-fact={fact.topic} className="flex flex-wrap items-start gap-2 sm:flex-nowrap">
            <input
              aria-label={e.receptionist.topic(at + 1)}
              value={fact.topic}
              maxLength={60}
              disabled={locked}
              placeholder={e.receptionist.topicHint}
              onChange={(event) => put(at, { ...fact, topic: event.target.value })}
              className={`${BOX} border-line-strong/60 font-medium sm:w-44 sm:shrink-0`}
            />
            <textarea
              aria-label={e.receptionist.fact(at + 1)}
              value={fact.text}
              maxLength={340}
              rows={Math.max(1, Math.ceil(fact.text.length / 60))}
              disabled={locked}
              placeholder={e.receptionist.factHint}
              onChange={(event) => put(at, { ...fact, text: event.target.value })}
              className={`${BOX} min-w-0 flex-1 border-line-strong/60`}
            />
            {!locked && <IconButton icon="trash" label={e.receptionist.removeFact(fact.topic)} onClick={() => onChange(facts.filter((_, index) => index !== at))} />}
          </li>
        ))}
      </ul>
      {!locked && facts.length < MOST && (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          <Button icon="plus" onClick={() => add({ topic: "", text: "" })}>
            {e.receptionist.addFact}
          </Button>
          {missing.map((topic) => (
            <button
              key={topic}
              type="button"
              onClick={() => add({ topic, text: "" })}
              className="min-h-8 rounded-full border border-dashed border-line-strong/60 px-3 text-small text-soft hover:border-accent hover:text-accent"
            >
              {topic}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
