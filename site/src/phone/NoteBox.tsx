/** A note about a call, kept on its record: written while one talks, or after. It is kept by itself. */
import { useEffect, useId, useRef, useState, type RefObject } from "react";
import { p } from "../text/phone.ts";
import { again, putNote } from "./queries.ts";

interface NoteBoxProps {
  /** The node's id of the call; while it is not known, the text waits. */
  readonly call: string;
  readonly kept: string;
  readonly box?: RefObject<HTMLTextAreaElement | null>;
}

const AFTER_MS = 900;

export function NoteBox({ call, kept, box }: NoteBoxProps) {
  const id = useId();
  const [typed, setTyped] = useState<string>();
  const [state, setState] = useState<"idle" | "saved" | "failed">("idle");
  const pending = useRef<{ readonly call: string; readonly text: string } | undefined>(undefined);
  const text = typed ?? kept;

  const save = async () => {
    const wanted = pending.current;
    pending.current = undefined;
    if (wanted === undefined) return;
    await putNote(wanted.call, wanted.text).then(
      () => setState("saved"),
      () => setState("failed"),
    );
    void again("history");
  };
  const latest = useRef(save);
  useEffect(() => {
    latest.current = save;
  });
  useEffect(() => {
    if (typed === undefined || call === "") return;
    pending.current = { call, text: typed };
    const timer = setTimeout(() => void latest.current(), AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed, call]);
  // What was typed last is kept also when the box goes away.
  useEffect(() => () => void latest.current(), []);

  return (
    <div className="flex flex-col gap-1">
      <label htmlFor={id} className="text-small font-medium text-soft">
        {p.note.label}
      </label>
      <textarea
        ref={box}
        id={id}
        data-note
        rows={2}
        maxLength={4000}
        value={text}
        placeholder={p.note.placeholder}
        aria-describedby={`${id}-state`}
        onChange={(event) => {
          setTyped(event.target.value);
          setState("idle");
        }}
        onBlur={() => void save()}
        className="w-full resize-y rounded-xl border border-line bg-surface px-3 py-2 placeholder:text-faint hover:border-line-strong"
      />
      <p id={`${id}-state`} role="status" className={`text-label ${state === "failed" ? "text-bad" : "text-faint"}`}>
        {state === "saved" ? p.note.saved : state === "failed" ? p.note.failed : p.note.seen}
      </p>
    </div>
  );
}
