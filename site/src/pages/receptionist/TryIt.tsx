/** A call or a text that nobody sends, with what is on this page and not saved yet. */
import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { tryCall, tryText } from "../../edge/receptionist.ts";
import type { Receptionist, TextTrialAnswer, TrialAnswer } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { BOX } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";

interface Turn {
  readonly who: "them" | "us";
  readonly text: string;
  /** What it does, and why. */
  readonly note?: string;
}

type How = "text" | "call";

export function TryIt({ settings, changed }: { readonly settings: Receptionist; readonly changed: boolean }) {
  const texts = useMay("texts:read");
  const [how, setHow] = useState<How>(texts ? "text" : "call");
  return (
    <div className="flex flex-col gap-3 px-4 pb-4 sm:px-5">
      <div role="group" aria-label={e.receptionist.tryHow} className="flex gap-1.5">
        {(texts ? (["text", "call"] as const) : (["call"] as const)).map((each) => (
          <button
            key={each}
            type="button"
            aria-pressed={how === each}
            onClick={() => setHow(each)}
            className="min-h-9 rounded-full border border-line px-3 text-small text-soft hover:border-line-strong aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent md:min-h-8"
          >
            {e.receptionist.tryAs[each]}
          </button>
        ))}
      </div>
      {how === "text" ? <TextTry changed={changed} /> : <CallTry settings={settings} />}
    </div>
  );
}

function TextTry({ changed }: { readonly changed: boolean }) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const ask = useMutation({
    mutationFn: (said: readonly Turn[]) => tryText({ turns: said.map(({ who, text }) => ({ who, text })) }),
    onSuccess: (answer, said) => setTurns([...said, { who: "us", text: answer.text, note: textNote(answer) }]),
  });
  return (
    <Chat
      turns={turns}
      hint={e.receptionist.textHint}
      busy={ask.isPending}
      fault={ask.error}
      above={changed ? e.receptionist.textSaved : undefined}
      onSay={(text) => {
        const said = [...turns, { who: "them" as const, text }];
        setTurns(said);
        ask.mutate(said);
      }}
      onRestart={() => {
        setTurns([]);
        ask.reset();
      }}
    />
  );
}

function textNote({ hands_over, facts, by }: TextTrialAnswer): string {
  return [hands_over && e.receptionist.handsOver, facts.length > 0 && e.receptionist.fromFacts(facts.join(", ")), e.receptionist.by(by)].filter(Boolean).join(" · ");
}

function CallTry({ settings }: { readonly settings: Receptionist }) {
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [state, setState] = useState("");
  const [closed, setClosed] = useState<boolean | null>(null);
  const ask = useMutation({
    mutationFn: (said: { readonly text?: string; readonly digits?: string; readonly state: string }) => tryCall({ ...said, settings, closed }),
    onSuccess: (answer) => {
      setState(answer.state);
      setTurns((before) => [...before, { who: "us", text: answer.says.join(" "), note: callNote(answer) }]);
    },
  });
  const begin = () => {
    setTurns([]);
    setState("");
    ask.mutate({ state: "" });
  };
  const over = turns.length > 0 && state === "" && !ask.isPending;
  if (turns.length === 0 && !ask.isPending) {
    return (
      <div className="flex flex-col items-start gap-3">
        <p className="text-small text-pretty text-soft">{e.receptionist.callHint}</p>
        <label className="flex flex-col gap-1.5 self-stretch">
          <span className="font-medium">{e.receptionist.when}</span>
          <select
            value={closed === null ? "" : String(closed)}
            onChange={({ target }) => setClosed(target.value === "" ? null : target.value === "true")}
            className="min-h-10 rounded-lg border border-line-strong/60 bg-surface px-2.5"
          >
            <option value="">{e.receptionist.now}</option>
            <option value="false">{e.receptionist.open}</option>
            <option value="true">{e.receptionist.closed}</option>
          </select>
        </label>
        <Button look="primary" icon="phone" onClick={begin}>
          {e.receptionist.beginCall}
        </Button>
        {ask.error !== null && (
          <Notice tone="bad" alert>
            {edgeFaultWords(ask.error)}
          </Notice>
        )}
      </div>
    );
  }
  return (
    <Chat
      turns={turns}
      hint={e.receptionist.sayOrPress}
      busy={ask.isPending}
      fault={ask.error}
      over={over}
      onSay={(text) => {
        setTurns((before) => [...before, { who: "them", text }]);
        const digits = /^[0-9*#]+$/.test(text);
        ask.mutate(digits ? { digits: text, state } : { text, state });
      }}
      onRestart={begin}
    />
  );
}

function callNote({ does, target, understood, by, confidence, why }: TrialAnswer): string {
  const what = e.receptionist.does(does, target);
  const sure = understood === "" ? "" : e.receptionist.understood(understood, by, Math.round(confidence * 100));
  return [what, sure, why].filter(Boolean).join(" · ");
}

interface ChatProps {
  readonly turns: readonly Turn[];
  readonly hint: string;
  readonly busy: boolean;
  readonly fault: unknown;
  readonly over?: boolean;
  readonly above?: string | undefined;
  readonly onSay: (text: string) => void;
  readonly onRestart: () => void;
}

function Chat({ turns, hint, busy, fault, over = false, above, onSay, onRestart }: ChatProps) {
  const [text, setText] = useState("");
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [turns.length, busy]);
  return (
    <>
      {above !== undefined && <Notice tone="plain">{above}</Notice>}
      <div ref={end} role="log" aria-label={e.receptionist.tryIt} tabIndex={0} className="flex max-h-96 min-h-40 flex-col gap-2 overflow-y-auto rounded-xl bg-canvas p-3">
        {turns.length === 0 && <p className="m-auto max-w-60 text-center text-small text-pretty text-soft">{hint}</p>}
        {turns.map((turn, at) => (
          <div key={at} data-turn={turn.who} className={`flex max-w-[88%] flex-col ${turn.who === "them" ? "items-start self-start" : "items-end self-end"}`}>
            <p className={`rounded-2xl px-3.5 py-2 break-words ${turn.who === "them" ? "rounded-bl-md border border-line bg-surface" : "rounded-br-md border border-accent/25 bg-accent-soft"}`}>
              {turn.text === "" ? "…" : turn.text}
            </p>
            {turn.note !== undefined && <p className="mt-0.5 px-1 text-right text-label text-faint">{turn.note}</p>}
          </div>
        ))}
        {busy && <p className="self-end px-1 text-label text-faint">{e.receptionist.thinking}</p>}
      </div>
      {fault !== null && fault !== undefined && (
        <Notice tone="bad" alert>
          {edgeFaultWords(fault)}
        </Notice>
      )}
      <form
        className="flex gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          const words = text.trim();
          if (words === "" || busy || over) return;
          setText("");
          onSay(words);
        }}
      >
        <input
          aria-label={hint}
          value={text}
          maxLength={400}
          disabled={over}
          placeholder={over ? e.receptionist.over : hint}
          onChange={(event) => setText(event.target.value)}
          className={`${BOX} min-w-0 flex-1 border-line-strong/60`}
        />
        <Button type="submit" look="primary" disabled={over || busy || text.trim() === ""}>
          {e.receptionist.say}
        </Button>
      </form>
      {turns.length > 0 && (
        <Button look="quiet" icon="restart" onClick={onRestart} className="self-start">
          {e.receptionist.restart}
        </Button>
      )}
    </>
  );
}
