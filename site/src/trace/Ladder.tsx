/** The SIP messages of a call as a ladder: who said what to whom, and when. A message opens below its arrow. */
import { useState } from "react";
import { ladderOf, rungWords, type Rung, type RungTone } from "../core/ladder.ts";
import type { SipTrace } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { CopyButton } from "../ui/CopyButton.tsx";

const TONES: Readonly<Record<RungTone, string>> = {
  request: "text-accent",
  progress: "text-faint",
  success: "text-good",
  failure: "text-bad",
};

interface LadderProps {
  readonly trace: Pick<SipTrace, "participants" | "messages" | "truncated">;
}

export function Ladder({ trace }: LadderProps) {
  const [open, setOpen] = useState<number>();
  const rungs = ladderOf(trace.participants, trace.messages);
  const columns = Math.max(2, trace.participants.length);
  return (
    <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={t.media.ladder.label}>
      <div style={{ minWidth: `${columns * 8 + 4}rem` }}>
        <div className="flex border-b border-line pb-2 pl-14">
          {trace.participants.map((address) => (
            <span key={address} className="min-w-0 flex-1 truncate px-1 text-center font-mono text-label text-soft" title={address}>
              {address}
            </span>
          ))}
        </div>
        <ol>
          {rungs.map((rung, index) => (
            <li key={index} className={open === index ? "bg-hover/60" : ""}>
              <button
                type="button"
                aria-expanded={open === index}
                onClick={() => setOpen(open === index ? undefined : index)}
                className="flex w-full items-stretch text-left hover:bg-hover"
              >
                <span className="w-14 shrink-0 self-center pr-2 text-right text-label text-faint tabular-nums">
                  {(rung.message.after_ms / 1000).toFixed(2)} s
                </span>
                <Arrow rung={rung} columns={columns} />
                <span className="sr-only">
                  {t.media.ladder.fromTo(rung.message.source, rung.message.destination)}
                  {rung.message.repeated ? `, ${t.media.ladder.repeated}` : ""}
                </span>
              </button>
              {open === index && <Raw rung={rung} />}
            </li>
          ))}
        </ol>
        {trace.truncated && <p className="py-2 text-small text-faint">{t.media.ladder.truncated}</p>}
      </div>
    </div>
  );
}

function Arrow({ rung, columns }: { readonly rung: Rung; readonly columns: number }) {
  const left = Math.min(rung.from, rung.to);
  const span = Math.abs(rung.to - rung.from);
  const rightwards = rung.to > rung.from;
  const width = 100 / columns;
  return (
    <span className="relative block h-9 flex-1">
      {Array.from({ length: columns }, (_, column) => (
        <span key={column} className="absolute inset-y-0 w-px bg-line" style={{ left: `${(column + 0.5) * width}%` }} />
      ))}
      <span
        className={`absolute inset-y-0 flex flex-col items-stretch justify-center ${TONES[rung.tone]} ${rung.message.repeated ? "opacity-70" : ""}`}
        style={{ left: `${(left + 0.5) * width}%`, width: `${Math.max(span, 0.4) * width}%` }}
      >
        <span className="truncate px-2 text-center font-mono text-label leading-4">
          {rungWords(rung.message)}
          {rung.message.repeated && " ↻"}
        </span>
        <span className="relative block h-1.5">
          <span
            className={`absolute inset-x-0 top-1/2 border-t border-current ${rung.tone === "progress" || rung.message.repeated ? "border-dashed" : ""}`}
          />
          <svg
            aria-hidden="true"
            viewBox="0 0 6 8"
            className={`absolute top-1/2 h-2 w-1.5 -translate-y-1/2 ${rightwards ? "right-0" : "left-0 rotate-180"}`}
          >
            <path d="M0 0 6 4 0 8Z" fill="currentColor" />
          </svg>
        </span>
      </span>
    </span>
  );
}

function Raw({ rung }: { readonly rung: Rung }) {
  return (
    <div className="flex items-start gap-2 border-y border-line bg-sunken p-3">
      <pre className="min-w-0 flex-1 overflow-x-auto font-mono text-label whitespace-pre-wrap break-all">
        {rung.message.raw || rung.message.summary}
      </pre>
      <CopyButton value={rung.message.raw || rung.message.summary} what={t.media.ladder.message} />
    </div>
  );
}
