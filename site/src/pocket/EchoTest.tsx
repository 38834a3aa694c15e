/** A call to the echo test out of this page: how loud somebody is, how long their voice takes, and whether that is fine. */
import { useEffect, useEffectEvent, useRef, useState, useSyncExternalStore } from "react";
import { judgeEcho, type EchoVerdict } from "../core/echo.ts";
import type { CallStats } from "../phone/quality.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";
import { EchoSound, type Levels } from "./echoSound.ts";
import { OneCall, type CallTrouble } from "./oneCall.ts";
import { p } from "./text.ts";

interface EchoTestProps {
  /** Whose phone the page is meanwhile; one's own without it. */
  readonly extension?: string | undefined;
  /** What is done first; no call is made when it fails, and whoever asked for it says why. */
  readonly before?: (() => Promise<void>) | undefined;
  readonly onFine?: (() => void) | undefined;
  /** Told when it begins and when it is over. */
  readonly onGoing?: ((going: boolean) => void) | undefined;
}

const DIALLED = "*43";
/** Until the first packets have found their way. */
const SETTLE_MS = 600;

export function EchoTest({ extension, before, onFine, onGoing }: EchoTestProps) {
  const [call] = useState(() => new OneCall());
  const state = useSyncExternalStore(call.subscribe, call.snapshot);
  const [levels, setLevels] = useState<Levels>();
  const [verdict, setVerdict] = useState<EchoVerdict>();
  const sound = useRef<EchoSound>(undefined);
  const fine = useEffectEvent(() => onFine?.());

  useEffect(() => () => {
    call.close();
    sound.current?.close();
  }, [call]);

  const talking = state.is === "talking";
  useEffect(() => {
    if (!talking) return;
    const stopping = new AbortController();
    void measured(call, sound.current, setLevels, stopping.signal).then((found) => {
      if (found === undefined) return;
      setVerdict(found);
      call.hangUp();
      if (found.fine) fine();
    });
    return () => stopping.abort();
  }, [call, talking]);

  const over = state.is === "over";
  useEffect(() => {
    if (over) sound.current?.close();
  }, [over]);

  const start = async () => {
    setVerdict(undefined);
    setLevels(undefined);
    sound.current?.close();
    sound.current = window.isSecureContext ? new EchoSound() : undefined;
    await before?.().catch((fault: unknown) => {
      sound.current?.close();
      throw fault;
    });
    await call.start({ extension, dial: (login) => (login.echo_test === undefined || login.echo_test === "" ? DIALLED : login.echo_test), ...(sound.current === undefined ? {} : { sound: sound.current }) });
  };

  const going = state.is === "opening" || state.is === "calling" || talking;
  const tell = useEffectEvent((now: boolean) => onGoing?.(now));
  useEffect(() => tell(going), [going]);
  return (
    <div data-echo={verdict === undefined ? state.is : verdict.fine ? "fine" : "faulty"} className="flex flex-col gap-3">
      {going && (
        <div className="flex flex-col gap-4 rounded-xl bg-sunken px-4 py-4">
          <p role="status" className="flex items-center gap-3 font-medium">
            <Icon name={levels === undefined ? "phone" : "mic"} className="ringing-dot size-5 text-accent" />
            {talking ? (levels === undefined ? p.echo.tone : p.echo.speak) : p.echo.calling}
          </p>
          {levels !== undefined && <Meters levels={levels} />}
        </div>
      )}
      {verdict === undefined && over && <Trouble trouble={state.trouble} detail={state.detail} />}
      {verdict !== undefined && !going && <Verdict verdict={verdict} />}
      <div className="flex flex-wrap gap-2">
        {going ? (
          <Button icon="close" onClick={call.close}>{t.common.cancel}</Button>
        ) : (
          <Button look={verdict?.fine === true ? "outline" : "primary"} icon={state.is === "idle" ? "phone" : "restart"} onClick={() => void start().catch(() => undefined)}>
            {state.is === "idle" ? p.echo.start : p.echo.again}
          </Button>
        )}
      </div>
    </div>
  );
}

/** Undefined when the call ended meanwhile. */
async function measured(call: OneCall, sound: EchoSound | undefined, onLevels: (levels: Levels) => void, signal: AbortSignal): Promise<EchoVerdict | undefined> {
  if (sound === undefined) return undefined;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const before = await call.current?.stats();
  const roundTripMs = await sound.roundTrip(signal);
  const heard = await sound.listen(onLevels, signal);
  const after = await call.current?.stats();
  return signal.aborted ? undefined : judgeEcho({ ...heard, roundTripMs, lost: lostBetween(before, after) });
}

function lostBetween(before: CallStats | undefined, after: CallStats | undefined): number {
  if (before === undefined || after === undefined) return 0;
  const lost = Math.max(0, after.lostIn - before.lostIn);
  const got = Math.max(0, after.packetsIn - before.packetsIn);
  return Math.max(after.lostThere, lost + got === 0 ? 0 : lost / (lost + got));
}

function Meters({ levels }: { readonly levels: Levels }) {
  return (
    <div className="grid grid-cols-[auto_minmax(0,1fr)] items-center gap-x-3 gap-y-2 text-small text-soft">
      <span>{p.echo.you}</span>
      <Bar level={levels.spoken} label={p.echo.you} />
      <span>{p.echo.back}</span>
      <Bar level={levels.returned} label={p.echo.back} />
      <span>{p.echo.time}</span>
      <div className="h-1 overflow-hidden rounded-full bg-line">
        <div className="h-full bg-line-strong" style={{ width: `${Math.round(100 * levels.part)}%` }} />
      </div>
    </div>
  );
}

/** -60 dB is nothing, 0 is as loud as can be. */
function Bar({ level, label }: { readonly level: number; readonly label: string }) {
  const part = Math.max(0, Math.min(1, (level + 60) / 60));
  return (
    <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * part)} className="h-3 overflow-hidden rounded-full bg-line">
      <div className={`h-full rounded-full ${level > -2 ? "bg-bad-line" : "bg-good-line"}`} style={{ width: `${Math.round(100 * part)}%` }} />
    </div>
  );
}

function Verdict({ verdict }: { readonly verdict: EchoVerdict }) {
  return (
    <>
      {verdict.fine ? (
        <p role="status" className="flex items-center gap-3 rounded-xl bg-good-soft px-4 py-3 text-lead font-medium text-good">
          <Icon name="check" className="size-5" />
          {p.echo.fine}
        </p>
      ) : (
        verdict.faults.map((fault) => (
          <Notice key={fault} tone="warn" alert>
            <p className="font-medium">{p.echo.faults[fault].title}</p>
            <p>{p.echo.faults[fault].help}</p>
          </Notice>
        ))
      )}
      <dl className="flex flex-wrap gap-x-6 gap-y-1 text-small text-soft tabular-nums">
        <Figure name={p.echo.level} value={p.echo.decibels(Math.round(verdict.level))} />
        <Figure name={p.echo.roundTrip} value={verdict.roundTripMs === undefined ? "–" : `${Math.round(verdict.roundTripMs)} ms`} />
        <Figure name={p.echo.lost} value={`${(100 * verdict.lost).toFixed(verdict.lost > 0 && verdict.lost < 0.1 ? 1 : 0)} %`} />
      </dl>
    </>
  );
}

function Figure({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div className="flex gap-1.5">
      <dt>{name}</dt>
      <dd className="font-medium text-ink">{value}</dd>
    </div>
  );
}

export function Trouble({ trouble, detail }: { readonly trouble: CallTrouble | undefined; readonly detail: string }) {
  if (trouble === undefined) return <p className="text-soft">{p.trial.ended}</p>;
  const said = p.trial.troubles[trouble];
  return (
    <Notice tone="warn" icon={trouble === "missing" || trouble === "refused" ? "micOff" : "warning"} alert>
      <p className="font-medium">{said.title}</p>
      <p className="text-pretty">{detail === "" ? said.help : detail}</p>
    </Notice>
  );
}
