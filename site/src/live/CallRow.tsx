/** One running call: two people and the wire between them. */
import type { ReactNode } from "react";
import type { CallEnd, CallView } from "../core/calls.ts";
import { formatTimer } from "../core/time.ts";
import { t } from "../text/index.ts";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";
import { useClockOffset, useLive } from "./useLive.ts";

const STATE_LOOKS: Readonly<Record<CallView["state"], { readonly icon: IconName; readonly look: string }>> = {
  routing: { icon: "arrowRight", look: "bg-sunken text-soft" },
  ringing: { icon: "bell", look: "bg-warn-soft text-warn" },
  talking: { icon: "live", look: "bg-good-soft text-good" },
  held: { icon: "pause", look: "bg-sunken text-soft" },
  parked: { icon: "pause", look: "bg-warn-soft text-warn" },
  ended: { icon: "check", look: "bg-sunken text-soft" },
};

interface CallRowProps {
  readonly call: CallView;
  /** What can be done with it, where that is offered. */
  readonly children?: ReactNode;
}

export function CallRow({ call, children }: CallRowProps) {
  const look = STATE_LOOKS[call.state];
  return (
    <li className="arrive px-4 py-4 sm:px-5" data-call={call.id}>
      <div className="grid grid-cols-2 items-center gap-x-4 gap-y-2.5 md:grid-cols-[minmax(0,1fr)_minmax(0,1.6fr)_minmax(0,1fr)]">
        <Person end={call.from} />
        <div className="flex items-center gap-3 max-md:order-3 max-md:col-span-2">
          <Wire end={call.from} call={call} direction="right" />
          <span
            className={`inline-flex min-h-7 items-center gap-1.5 rounded-full py-0.5 pr-3 pl-2.5 text-small font-medium ${look.look}`}
          >
            <Icon name={look.icon} className={`size-4 ${call.state === "ringing" ? "ringing-dot" : ""}`} />
            <span>{call.stateWords}</span>
            <Timer call={call} />
          </span>
          <Wire end={call.to} call={call} direction="left" />
        </div>
        <Person end={call.to} right />
      </div>
      {call.summary !== "" && (
        <p
          className={`mt-2.5 flex items-center justify-center gap-1.5 text-center text-small ${call.trouble ? "font-medium text-bad" : "text-faint"}`}
        >
          {call.trouble && <Icon name="warning" />}
          {call.summary}
        </p>
      )}
      {children}
    </li>
  );
}

function Person({ end, right = false }: { readonly end: CallEnd; readonly right?: boolean }) {
  return (
    <div className={`min-w-0 ${right ? "text-right" : ""}`}>
      <p className="truncate font-semibold">{end.name}</p>
      {end.number !== end.name && <p className="truncate text-small text-faint tabular-nums">{end.number}</p>}
    </div>
  );
}

interface WireProps {
  readonly end: CallEnd;
  readonly call: CallView;
  readonly direction: "left" | "right";
}

function Wire({ end, call, direction }: WireProps) {
  const audio = call.answered ? end.audio : call.state === "ringing" ? "ringing" : "idle";
  return (
    <span
      role="img"
      aria-label={end.words}
      aria-hidden={end.words === "" || undefined}
      title={end.words}
      className="min-w-4 flex-1 py-2"
    >
      <span className="wire block" data-audio={audio} data-direction={direction} />
    </span>
  );
}

/** Counts with the node's clock, so that a wrong clock on the admin's laptop shows no wrong durations. */
function Timer({ call }: { readonly call: CallView }) {
  const now = useNow();
  const { frozenAt } = useLive();
  const at = (frozenAt ?? now) + useClockOffset();
  return (
    <span role="timer" aria-label={t.live.elapsed} className="min-w-9 text-right tabular-nums">
      {formatTimer(at - call.since)}
    </span>
  );
}
