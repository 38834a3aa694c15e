/** Records in the browser: how loud, how long, then hear it before it is used. */
import { useEffect, useRef, useState } from "react";
import { formatTimer } from "../core/time.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";
import { MicrophoneError, openMicrophone, type Microphone, type MicrophoneFault } from "./microphone.ts";
import { Player } from "./Player.tsx";

interface RecorderProps {
  readonly onUse: (recording: Blob) => void;
  readonly onCancel: () => void;
  readonly busy: boolean;
  /** Ends by itself then. */
  readonly mostS: number;
}

interface Heard {
  readonly level: number;
  readonly seconds: number;
}

export function Recorder({ onUse, onCancel, busy, mostS }: RecorderProps) {
  const open = useRef<Microphone | undefined>(undefined);
  const [recording, setRecording] = useState(false);
  const [heard, setHeard] = useState<Heard>({ level: 0, seconds: 0 });
  const [made, setMade] = useState<Blob>();
  const [fault, setFault] = useState<MicrophoneFault>();

  useEffect(() => () => open.current?.cancel(), []);

  const stop = () => {
    setMade(open.current?.stop());
    open.current = undefined;
    setRecording(false);
  };
  const start = async () => {
    setFault(undefined);
    setMade(undefined);
    setHeard({ level: 0, seconds: 0 });
    try {
      open.current = await openMicrophone((level, seconds) => {
        setHeard({ level, seconds });
        if (seconds >= mostS) stop();
      });
      setRecording(true);
    } catch (reason) {
      setFault(reason instanceof MicrophoneError ? reason.fault : "failed");
    }
  };

  return (
    <div className="flex flex-col gap-3 rounded-xl border border-line p-4" data-recorder={recording ? "recording" : "idle"}>
      {fault !== undefined && (
        <Notice tone="warn" icon="micOff" alert>
          {t.media.recorder.fault[fault]}
        </Notice>
      )}
      {recording && <Meter {...heard} />}
      {made !== undefined && <Player source={{ blob: made }} label={t.media.recorder.yours} durationS={heard.seconds} />}
      <div className="flex flex-wrap gap-2">
        {recording ? (
          <Button look="primary" icon="stop" onClick={stop}>
            {t.media.recorder.stop}
          </Button>
        ) : (
          <Button look={made === undefined ? "primary" : "outline"} icon="mic" onClick={() => void start()}>
            {made === undefined ? t.media.recorder.start : t.media.recorder.again}
          </Button>
        )}
        {made !== undefined && (
          <Button look="primary" icon="check" busy={busy} onClick={() => onUse(made)}>
            {t.media.recorder.use}
          </Button>
        )}
        <Button look="quiet" onClick={onCancel}>
          {t.common.cancel}
        </Button>
      </div>
    </div>
  );
}

function Meter({ level, seconds }: Heard) {
  const quiet = seconds > 2 && level < 0.12;
  return (
    <div className="flex items-center gap-3">
      <Icon name="record" className="size-5 text-bad" />
      <span role="timer" className="tabular-nums">
        {formatTimer(seconds * 1000)}
      </span>
      <div
        role="meter"
        aria-label={t.media.recorder.level}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(level * 100)}
        className="h-2.5 min-w-0 flex-1 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className={`h-full rounded-full ${level > 0.95 ? "bg-bad-line" : "bg-good-line"}`}
          style={{ width: `${Math.round(level * 100)}%` }}
        />
      </div>
      {quiet && <span className="text-small text-warn">{t.media.recorder.quiet}</span>}
    </div>
  );
}
