/** The truth about the phone, in three parts: one glance says whether it rings here, a press says why not. */
import { useId, useState } from "react";
import { formatShortClock } from "../core/time.ts";
import { t } from "../text/index.ts";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { StatusShape, type Tone } from "../ui/StatusMark.tsx";
import type { Part, Truth } from "./badge.ts";
import { desk } from "./desk.ts";
import { usePhone, useTruth } from "./usePhone.ts";

const TONES: Readonly<Record<Part, Tone>> = { yes: "good", no: "bad", unsure: "plain", wait: "warn" };
const WHOLE: Readonly<Record<Truth["whole"], Tone>> = { ready: "good", busy: "warn", trouble: "bad", off: "plain" };
const PARTS = ["connected", "reachable", "audio"] as const;

export function Badge() {
  const truth = useTruth();
  const [open, setOpen] = useState(false);
  const id = useId();
  return (
    <div className="relative">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
        data-badge={truth.whole}
        className="flex min-h-9 items-center gap-2 rounded-full border border-line bg-surface pr-3 pl-2.5 text-small font-medium hover:border-line-strong"
      >
        <span className="sr-only">{p.badge.label}: </span>
        <span aria-hidden="true" className="flex gap-1">
          {PARTS.map((part) => (
            <span key={part} className={COLOURS[TONES[truth[part]]]}>
              <StatusShape tone={TONES[truth[part]]} />
            </span>
          ))}
        </span>
        <span className={COLOURS[WHOLE[truth.whole]]}>{p.badge[truth.whole]}</span>
      </button>
      {open && <Details id={id} truth={truth} onClose={() => setOpen(false)} />}
    </div>
  );
}

const COLOURS: Readonly<Record<Tone, string>> = { good: "text-good", warn: "text-warn", bad: "text-bad", plain: "text-soft", live: "text-accent" };

function Details({ id, truth, onClose }: { readonly id: string; readonly truth: Truth; readonly onClose: () => void }) {
  const { line, login } = usePhone();
  const why = truth.why === undefined ? undefined : p.badge.why[truth.why];
  const audio = truth.audio === "yes" && line?.audioAt !== undefined ? p.badge.audioProved(formatShortClock(line.audioAt, t.locale)) : p.badge.audioUnproved;
  return (
    <div
      id={id}
      role="dialog"
      aria-label={p.badge.label}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
      className="rise-in absolute top-full right-0 z-20 mt-2 w-[min(19rem,calc(100vw-5rem))] rounded-xl border border-line bg-surface p-4 shadow-float"
    >
      <dl className="flex flex-col gap-2.5">
        {PARTS.map((part) => (
          <div key={part} data-part={part} data-state={truth[part]} className="flex items-center justify-between gap-3">
            <dt>{p.badge.parts[part]}</dt>
            <dd className={`flex items-center gap-1.5 text-small font-medium ${COLOURS[TONES[truth[part]]]}`}>
              <StatusShape tone={TONES[truth[part]]} />
              {p.badge.part[truth[part]]}
            </dd>
          </div>
        ))}
      </dl>
      {why !== undefined && <p className="mt-3 border-t border-line pt-3 text-small text-pretty text-soft">{why}</p>}
      {line?.refusal !== undefined && line.refusal.status > 0 && (
        <p className="mt-1 text-small text-faint">
          {line.refusal.status} {line.refusal.reason}
        </p>
      )}
      {truth.audio !== "no" && <p className="mt-2 text-small text-pretty text-soft">{audio}</p>}
      {truth.audio !== "yes" && truth.connected === "yes" && login?.echo_test !== undefined && login.echo_test !== "" && (
        <Button
          icon="phone"
          className="mt-3 w-full"
          onClick={() => {
            onClose();
            desk.do({ do: "dial", target: login.echo_test ?? "", name: p.badge.echo });
          }}
        >
          {p.badge.echo}
        </Button>
      )}
    </div>
  );
}
