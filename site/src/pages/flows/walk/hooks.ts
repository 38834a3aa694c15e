/** How the panels reach the canvas and the node without asking twice. */
import { useEffect, useEffectEvent, useMemo, useState } from "react";
import { useEditor, type Highlight } from "../../../flow/editor.ts";
import type { Flow } from "../../../flow/types.ts";
import { namesIn, type Names } from "../../../flow/walk/names.ts";

/** Marks on the canvas for as long as the component is there. Keep `marks` in a memo. */
export function useHighlight(source: string, marks: Highlight | undefined): void {
  const { highlight } = useEditor();
  const show = useEffectEvent((marks: Highlight | undefined) => highlight(source, marks));
  useEffect(() => show(marks), [marks]);
  useEffect(() => () => show(undefined), []);
}

/** What the nodes of a document are called. */
export function useNames(document: Flow): Names {
  const { types } = useEditor();
  return useMemo(() => namesIn(document, types), [document, types]);
}

/** The value once it has been the same for a while. */
export function useLater<T>(value: T, ms: number): T {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return later;
}

interface Answer<Q, T> {
  readonly draft: Flow;
  readonly question: Q;
  readonly turn: number;
  readonly found: T | undefined;
  readonly fault: unknown;
}

export interface Asked<Q, T> {
  /** The newest that worked, which may be of an older draft or question while the next one runs. */
  readonly found: T | undefined;
  /** What was asked for it. */
  readonly question: Q | undefined;
  readonly fault: unknown;
  readonly running: boolean;
  readonly again: () => void;
}

/** Asks the node about the draft, again when it or the question changes. An answer to an older question is dropped. */
export function useAsked<Q, T>(question: Q, ask: (number: string, question: Q) => Promise<T>): Asked<Q, T> {
  const { number, draft: newest, save } = useEditor();
  const draft = useLater(newest, 600);
  const wanted = useLater(question, 250);
  const [turn, setTurn] = useState(0);
  const [answer, setAnswer] = useState<Answer<Q, T>>();
  const [good, setGood] = useState<Answer<Q, T>>();

  const asked = useEffectEvent(async (): Promise<Answer<Q, T>> => {
    const of = { draft, question: wanted, turn };
    try {
      await save();
      return { ...of, found: await ask(number, wanted), fault: undefined };
    } catch (fault) {
      return { ...of, found: undefined, fault };
    }
  });
  useEffect(() => {
    let expected = true;
    void asked().then((next) => {
      if (!expected) return;
      setAnswer(next);
      if (next.found !== undefined) setGood(next);
    });
    return () => {
      expected = false;
    };
  }, [number, draft, wanted, turn]);

  return {
    found: good?.found,
    question: good?.question,
    fault: answer?.fault,
    running: answer?.draft !== newest || answer.question !== question || answer.turn !== turn,
    again: () => setTurn((before) => before + 1),
  };
}
