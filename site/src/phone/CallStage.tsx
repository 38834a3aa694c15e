/** The call in front: who it is, how it goes, and everything that can be done with it. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode, RefObject } from "react";
import { formatDay, formatShortClock, formatTimer } from "../core/time.ts";
import { numbersQuery } from "../edge/numbers.ts";
import { useMay } from "../media/useMay.ts";
import { t } from "../text/index.ts";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { Icon, type IconName } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";
import { desk } from "./desk.ts";
import { Keypad } from "./Keypad.tsx";
import { NoteBox } from "./NoteBox.tsx";
import { readable } from "./number.ts";
import { ParkPanel } from "./Parking.tsx";
import { Face } from "./Person.tsx";
import { PhoneIcon, type PhoneIconName } from "./PhoneIcon.tsx";
import type { CallCard } from "./protocol.ts";
import { QualityBar } from "./QualityBar.tsx";
import { TransferPanel } from "./Transfer.tsx";
import { usePhone } from "./usePhone.ts";

export type CallPanel = "keypad" | "transfer" | "park" | undefined;

interface StageProps {
  readonly call: CallCard;
  readonly panel: CallPanel;
  readonly onPanel: (panel: CallPanel) => void;
  readonly onNewCall: () => void;
  readonly onDial: (number: string, name: string) => void;
  readonly onWrite: (number: string) => void;
  readonly noteBox: RefObject<HTMLTextAreaElement | null>;
}

export function nameOf(call: CallCard): string {
  if (call.peer.name !== "" && call.peer.name !== call.peer.number) return call.peer.name;
  return call.peer.number === "" ? p.history.withheld : readable(call.peer.number);
}

export function CallStage(props: StageProps) {
  const { call, panel } = props;
  const name = nameOf(call);
  const ringsHere = call.direction === "in" && call.state === "ringing";
  return (
    <article aria-label={name} data-stage={call.state} className={`flex flex-col items-center gap-4 py-2 ${ringsHere ? "flex-1" : ""}`}>
      {panel === undefined && (
        <div className="flex flex-col items-center gap-3 text-center">
          <Face name={name} large ringing={ringsHere} />
          <div>
            <p className="text-small text-soft">{headline(call)}</p>
            <h2 className="max-w-72 text-[1.35rem] leading-7 font-semibold tracking-tight break-words">{name}</h2>
            <p className="text-soft tabular-nums">
              {[name === readable(call.peer.number) ? "" : readable(call.peer.number), call.info?.department ?? ""].filter((each) => each !== "").join(" · ")}
            </p>
          </div>
        </div>
      )}
      {panel !== undefined && (
        <p className="flex items-center gap-2 self-start font-semibold">
          <Face name={name} />
          {name}
        </p>
      )}
      <Situation call={call} />
      {ringsHere ? <Ringing call={call} /> : call.state === "ended" ? <Over {...props} /> : <Talking {...props} />}
    </article>
  );
}

function headline(call: CallCard): string {
  if (call.state === "ended") return call.cause === undefined ? p.call.ended : p.call.cause[call.cause];
  if (call.state === "connecting") return p.call.connecting;
  if (call.state === "dialling") return p.call.calling;
  if (call.state === "ringing") return call.direction === "in" ? p.call.incoming : p.call.rings;
  if (call.joined) return p.call.joined;
  return call.heldThere ? p.call.heldThere : call.held ? p.call.held : " ";
}

/** What was called, when it was the last time, how long it goes and how it sounds. */
function Situation({ call }: { readonly call: CallCard }) {
  const now = useNow();
  const { info } = call;
  const queue = [info?.called_name ?? call.called?.name ?? "", readable(info?.called ?? call.called?.number ?? "")].filter((each) => each !== "");
  const last = info?.last;
  if (call.state === "talking") {
    return (
      <div className="flex flex-col items-center gap-1.5">
        <p role="timer" className="text-lead font-medium tabular-nums">
          {formatTimer(now - (call.answeredAt ?? now))}
        </p>
        {!call.held && !call.heldThere && <QualityBar quality={call.quality} />}
        {info?.recording === "on" && (
          <p className="flex items-center gap-1.5 text-small text-bad">
            <Icon name="record" className="size-3.5" />
            {p.call.recording}
          </p>
        )}
        {call.transfer !== undefined && (
          <p role="status" className={`text-small ${call.transfer === "failed" ? "text-bad" : "text-soft"}`}>
            {p.transfer[call.transfer]}
          </p>
        )}
      </div>
    );
  }
  if (call.state === "ended") return call.answeredAt === undefined ? null : <p className="text-soft tabular-nums">{formatTimer((call.endedAt ?? 0) - call.answeredAt)}</p>;
  return (
    <div className="flex max-w-72 flex-col items-center gap-2 text-center text-small">
      {queue.length > 0 && (
        <p data-called className="rounded-full bg-accent-soft px-3 py-1 font-medium text-accent">
          {p.call.forCalled(queue.join(" · "))}
        </p>
      )}
      {last !== undefined && last !== null && (
        <p className="text-soft">
          {p.call.last(
            `${formatDay(last.started_at, now, t.locale, t.history)}, ${formatShortClock(last.started_at, t.locale)}`,
            (last.direction === "in" ? (last.answered ? p.history.in : p.history.missed) : last.answered ? p.history.out : p.history.unanswered).toLocaleLowerCase(t.locale),
          )}
        </p>
      )}
      {info !== undefined && last === null && call.direction === "in" && <p className="text-faint">{p.call.firstTime}</p>}
      {info !== undefined && info.last_note !== "" && (
        <blockquote className="w-full border-l-2 border-line-strong pl-3 text-left text-pretty">
          <span className="block text-label text-faint">{p.call.lastNote}</span>
          {info.last_note}
        </blockquote>
      )}
    </div>
  );
}

function Ringing({ call }: { readonly call: CallCard }) {
  const busy = usePhone().calls.some((each) => each.state === "talking" && !each.held);
  return (
    <div className="flex w-full max-w-72 items-start justify-between px-4 pt-2 max-lg:mt-auto max-lg:pb-6">
      <Round tone="bad" icon="hangUp" label={p.call.decline} onClick={() => desk.do({ do: "hangUp", id: call.id })} />
      <Round tone="good" icon="phone" label={busy ? p.call.answerHold : p.call.answer} onClick={() => desk.do({ do: "answer", id: call.id })} />
    </div>
  );
}

interface RoundProps {
  readonly tone: "good" | "bad";
  readonly icon: "phone" | "hangUp";
  readonly label: string;
  readonly onClick: () => void;
}

export function Round({ tone, icon, label, onClick }: RoundProps) {
  return (
    <button type="button" onClick={onClick} className="group flex w-24 flex-col items-center gap-2 text-small">
      <span
        className={`inline-flex size-16 items-center justify-center rounded-full text-surface transition-[scale] group-active:scale-95 ${tone === "good" ? "bg-good" : "bg-bad"}`}
      >
        {icon === "phone" ? <Icon name="phone" className="size-7" /> : <PhoneIcon name="hangUp" className="size-7" />}
      </span>
      <span className="text-center leading-4 text-balance">{label}</span>
    </button>
  );
}

function Talking(props: StageProps) {
  const { call, panel, onPanel, onNewCall, noteBox } = props;
  const { calls } = usePhone();
  const others = calls.filter((each) => each.id !== call.id && each.state === "talking");
  const up = call.state === "talking";
  const toggle = (which: CallPanel) => onPanel(panel === which ? undefined : which);
  return (
    <>
      {panel === "keypad" && <DigitPanel call={call} />}
      {panel === "transfer" && <TransferPanel call={call} others={others} onDone={() => onPanel(undefined)} />}
      {panel === "park" && <ParkPanel call={call} onDone={() => onPanel(undefined)} />}
      <div className="grid w-full max-w-80 grid-cols-4 gap-x-1 gap-y-2.5">
        <Tool label={call.muted ? p.call.unmute : p.call.mute} icon={call.muted ? "micOff" : "mic"} on={call.muted} disabled={!up} keys="m" onClick={() => desk.do({ do: "mute", id: call.id, on: !call.muted })} />
        <Tool label={call.held ? p.call.resume : p.call.hold} icon={call.held ? "play" : "pause"} on={call.held} disabled={!up || call.joined} keys="h" onClick={() => desk.do({ do: "hold", id: call.id, on: !call.held })} />
        <Tool label={p.call.keypad} drawing="keypad" on={panel === "keypad"} disabled={!up && !call.earlyMedia} keys="k" onClick={() => toggle("keypad")} />
        <Tool label={p.call.add} icon="plus" disabled={!up} onClick={onNewCall} />
        <Tool label={p.call.transfer} drawing="transfer" on={panel === "transfer"} disabled={!up} keys="t" onClick={() => toggle("transfer")} />
        <Tool label={p.call.park} drawing="parking" on={panel === "park"} disabled={!up} keys="p" onClick={() => toggle("park")} />
        {call.joined ? (
          <Tool label={p.call.part} drawing="merge" on onClick={() => desk.do({ do: "part" })} />
        ) : (
          <Tool label={p.call.join} drawing="merge" disabled={!up || others.length === 0} onClick={() => desk.do({ do: "join", id: call.id })} />
        )}
        <button
          type="button"
          onClick={() => desk.do({ do: "hangUp", id: call.id })}
          aria-keyshortcuts="x"
          className="group flex flex-col items-center gap-1.5 rounded-xl py-1 text-label"
        >
          <span className="inline-flex h-12 w-full max-w-16 items-center justify-center rounded-2xl bg-bad text-surface transition-[scale] group-active:scale-95">
            <PhoneIcon name="hangUp" className="size-6" />
          </span>
          <span>{up ? p.call.hangUp : p.call.cancel}</span>
        </button>
      </div>
      {up && panel === undefined && (
        <div className="w-full max-w-80">
          <NoteBox key={call.id} call={call.record} kept={call.info?.note ?? ""} box={noteBox} />
        </div>
      )}
    </>
  );
}

interface ToolProps {
  readonly label: string;
  readonly icon?: IconName;
  readonly drawing?: PhoneIconName;
  readonly on?: boolean;
  readonly disabled?: boolean;
  readonly keys?: string;
  readonly onClick: () => void;
}

function Tool({ label, icon, drawing, on = false, disabled = false, keys, onClick }: ToolProps): ReactNode {
  return (
    <button
      type="button"
      disabled={disabled}
      aria-pressed={on}
      aria-keyshortcuts={keys}
      onClick={onClick}
      className="group flex min-w-0 flex-col items-center gap-1.5 rounded-xl py-1 text-label disabled:opacity-45"
    >
      <span
        className={`inline-flex h-12 w-full max-w-16 items-center justify-center rounded-2xl border transition-[scale,background-color] group-active:scale-95 ${on ? "border-accent bg-accent text-on-accent" : "border-line bg-surface group-hover:border-line-strong group-hover:bg-hover"}`}
      >
        {drawing !== undefined ? <PhoneIcon name={drawing} className="size-5.5" /> : <Icon name={icon ?? "more"} className="size-5.5" />}
      </span>
      <span className="max-w-full truncate">{label}</span>
    </button>
  );
}

function DigitPanel({ call }: { readonly call: CallCard }) {
  return (
    <div className="flex w-full flex-col gap-2">
      <output aria-label={p.call.listen} className="h-7 overflow-hidden text-center text-figure font-medium tracking-widest tabular-nums">
        {call.digits.slice(-16)}
      </output>
      <Keypad compact onKey={(keys) => desk.do({ do: "keys", id: call.id, keys })} />
    </div>
  );
}

/** Whether the office has a number that can text; an office without an edge has none. */
function useTextNumber(wanted: boolean): boolean {
  const reads = useMay("numbers:read");
  const writes = useMay("texts:write");
  const { data } = useQuery({ ...numbersQuery({}), enabled: wanted && reads && writes, retry: false });
  return data?.items.some((each) => each.sms) === true;
}

function Over({ call, onDial, onWrite }: StageProps) {
  const internal = /^\d{2,6}$/.test(call.peer.number);
  const outside = /^\+\d{7,}$/.test(call.peer.number);
  const texts = useTextNumber(outside);
  return (
    <div className="flex w-full max-w-80 flex-col gap-3">
      {(call.cause === "microphone_refused" || call.cause === "no_microphone") && <p className="text-center text-small text-pretty text-soft">{p.call.microphoneHelp}</p>}
      {call.record !== "" && <NoteBox key={call.id} call={call.record} kept={call.info?.note ?? ""} />}
      <div className="flex flex-wrap justify-center gap-2">
        {call.peer.number !== "" && (
          <Button
            icon="phone"
            onClick={() => {
              desk.do({ do: "forget", id: call.id });
              onDial(call.peer.number, call.peer.name);
            }}
          >
            {p.call.callAgain}
          </Button>
        )}
        {internal && (
          <Button
            icon="chat"
            onClick={() => {
              desk.do({ do: "forget", id: call.id });
              onWrite(call.peer.number);
            }}
          >
            {p.call.textBack}
          </Button>
        )}
        {texts && outside && (
          <Link
            to="/texts"
            search={{ q: call.peer.number }}
            onClick={() => desk.do({ do: "forget", id: call.id })}
            className="inline-flex min-h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3.5 hover:border-line-strong hover:bg-hover md:min-h-9"
          >
            <Icon name="chat" />
            {p.call.textBack}
          </Link>
        )}
        <Button look="primary" icon="check" data-focus-first onClick={() => desk.do({ do: "forget", id: call.id })}>
          {p.call.done}
        </Button>
      </div>
    </div>
  );
}
