/** What the phone hears and rings with, tested before anybody calls; and how one is reached. */
import { useEffect, useId, useState } from "react";
import { PocketSection } from "../pocket/PocketSection.tsx";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { DrawerHead } from "../ui/DrawerHead.tsx";
import { Switch } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { Select } from "../ui/Select.tsx";
import { desk } from "./desk.ts";
import { HeadsetSection } from "./HeadsetSection.tsx";
import { again, patchProfile, useProfile } from "./queries.ts";
import { canChooseSpeaker, meter, pageSound, type DeviceUse } from "./sound.ts";
import { useDevices, usePhone } from "./usePhone.ts";

export function Settings({ onClose }: { readonly onClose: () => void }) {
  const { login } = usePhone();
  const devices = useDevices();
  return (
    <Dialog shape="side" label={p.settings.title} onClose={onClose}>
      <DrawerHead title={p.settings.title} onClose={onClose} />
      <div data-own-keys className="flex min-h-0 flex-1 flex-col gap-6 overflow-y-auto px-5 py-5">
        <section className="flex flex-col gap-4">
          <DeviceSelect use="microphone" label={p.settings.microphone} devices={devices.microphones} />
          <MicrophoneTest />
          {canChooseSpeaker() ? (
            <>
              <DeviceSelect use="voice" label={p.settings.voice} devices={devices.speakers} />
              <DeviceSelect use="ring" label={p.settings.ring} devices={devices.speakers} />
            </>
          ) : (
            <p className="text-small text-faint">{p.settings.noSpeakerChoice}</p>
          )}
          <div className="flex flex-wrap gap-2">
            <Button icon="bell" onClick={ringOnce}>
              {p.settings.tryRing}
            </Button>
            {login?.echo_test !== undefined && login.echo_test !== "" && (
              <Button
                icon="phone"
                onClick={() => {
                  onClose();
                  desk.do({ do: "dial", target: login.echo_test ?? "", name: p.badge.echo });
                }}
              >
                {p.badge.echo}
              </Button>
            )}
          </div>
          <p className="text-small text-pretty text-faint">{p.settings.echo}</p>
          {!devices.named && <p className="text-small text-faint">{p.settings.unnamedHelp}</p>}
        </section>
        <HeadsetSection />
        <Reached />
        <PocketSection />
        <Links />
        <Button
          look="quiet"
          className="self-start"
          onClick={() => {
            desk.turnOff();
            onClose();
          }}
        >
          {p.settings.off}
        </Button>
      </div>
    </Dialog>
  );
}

function ringOnce(): void {
  const sound = pageSound();
  sound.signalTo("ring");
  setTimeout(() => sound.signalTo(undefined), 1400);
}

interface DeviceSelectProps {
  readonly use: DeviceUse;
  readonly label: string;
  readonly devices: readonly MediaDeviceInfo[];
}

function DeviceSelect({ use, label, devices }: DeviceSelectProps) {
  const options = devices.map((each, index) => [each.deviceId, each.label === "" ? p.settings.unnamed(index + 1) : each.label] as const);
  return (
    <Select
      label={label}
      value={pageSound().device(use)}
      options={[["", p.settings.automatic], ...options]}
      onChoose={(device) => pageSound().choose(use, device)}
    />
  );
}

/** After so long without a sound, what may be wrong is said. */
const QUIET_AFTER_MS = 4000;
const HEARD_AT = 0.35;

function MicrophoneTest() {
  const [on, setOn] = useState(false);
  return on ? <Meter onStop={() => setOn(false)} /> : (
    <Button icon="mic" className="self-start" onClick={() => setOn(true)}>
      {p.settings.test}
    </Button>
  );
}

function Meter({ onStop }: { readonly onStop: () => void }) {
  const [level, setLevel] = useState(0);
  const [words, setWords] = useState<string>(p.settings.speak);
  const [fault, setFault] = useState("");
  const id = useId();
  const device = pageSound().device("microphone");
  useEffect(() => {
    let heard = false;
    let stop: (() => void) | undefined;
    let gone = false;
    const quiet = setTimeout(() => {
      if (!heard) setWords(p.settings.quiet);
    }, QUIET_AFTER_MS);
    meter(pageSound(), (now) => {
      setLevel(now);
      if (now > HEARD_AT && !heard) {
        heard = true;
        setWords(p.settings.heard);
      }
    }).then(
      (close) => {
        stop = close;
        if (gone) close();
      },
      (reason: unknown) => setFault(reason instanceof DOMException && reason.name === "NotAllowedError" ? p.call.cause.microphone_refused : p.call.cause.no_microphone),
    );
    return () => {
      gone = true;
      clearTimeout(quiet);
      stop?.();
    };
  }, [device]);
  return (
    <div className="flex flex-col gap-2">
      <div className="flex items-center gap-3">
        <div
          role="meter"
          aria-label={p.settings.level}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={Math.round(level * 100)}
          aria-describedby={id}
          className="h-3 flex-1 overflow-hidden rounded-full bg-sunken"
        >
          <div className="h-full origin-left bg-good-line transition-transform duration-100" style={{ transform: `scaleX(${level.toFixed(3)})` }} />
        </div>
        <Button onClick={onStop}>{p.settings.stopTest}</Button>
      </div>
      {fault === "" ? (
        <p id={id} role="status" className="text-small text-soft">
          {words}
        </p>
      ) : (
        <Notice tone="bad" alert>
          {fault}
        </Notice>
      )}
    </div>
  );
}

function Reached() {
  const { data } = useProfile();
  const change = (what: Record<string, unknown>) => void patchProfile(what).then(() => again("profile"), () => undefined);
  if (data === undefined) return null;
  return (
    <section className="flex flex-col gap-4 border-t border-line pt-5">
      <Switch label={p.settings.dnd} help={p.settings.dndHelp} checked={data.settings.do_not_disturb} onChange={(on) => change({ do_not_disturb: on })} />
      <Switch label={p.settings.waiting} help={p.settings.waitingHelp} checked={data.settings.call_waiting} onChange={(on) => change({ call_waiting: on })} />
    </section>
  );
}

function Links() {
  const [asked, setAsked] = useState(false);
  const [notices, setNotices] = useState(() => "Notification" in window && Notification.permission === "granted");
  return (
    <section className="flex flex-col gap-4 border-t border-line pt-5">
      {"Notification" in window && (
        <Switch
          label={p.settings.notices}
          help={p.settings.noticesHelp}
          checked={notices}
          disabled={notices}
          onChange={() => void Notification.requestPermission().then((word) => setNotices(word === "granted"))}
        />
      )}
      {"registerProtocolHandler" in navigator && (
        <div className="flex flex-col items-start gap-2">
          <Button
            icon="globe"
            onClick={() => {
              navigator.registerProtocolHandler("tel", `${window.location.origin}/phone?dial=%s`);
              setAsked(true);
            }}
          >
            {p.settings.links}
          </Button>
          <p role="status" className="text-small text-faint">{asked ? p.settings.linksDone : p.settings.linksHelp}</p>
        </div>
      )}
    </section>
  );
}
