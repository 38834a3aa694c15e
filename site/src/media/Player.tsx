/** Plays a sound: its shape to seek in by mouse, finger and keys, its speed, and the file to keep. One plays at a time. */
import type { KeyboardEvent } from "react";
import { useEffect, useId, useRef, useState } from "react";
import { faultWords } from "../core/problem.ts";
import { formatTimer } from "../core/time.ts";
import { wavePath, type Peaks } from "../core/waveform.ts";
import { t } from "../text/index.ts";
import { Icon } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";
import { useSound, type SoundSource } from "./useSound.ts";

const SPEEDS = [1, 1.25, 1.5, 1.75, 2] as const;
const STEP_S = 5;

interface PlayerProps {
  readonly source: SoundSource;
  /** What it is, for screen readers: "Message of Alice". */
  readonly label: string;
  /** Seconds, while the file is not read yet. */
  readonly durationS?: number;
  /** Who is on which channel; two tracks are drawn. */
  readonly tracks?: readonly [string, string];
  /** The name of the file, without its ending. Without a name there is nothing to download. */
  readonly download?: string;
  readonly onFirstPlay?: () => void;
  readonly playAtOnce?: boolean;
}

let sounding: HTMLAudioElement | undefined;

/** Another sound is another player. */
export function Player(props: PlayerProps) {
  return <OnePlayer key={"path" in props.source ? props.source.path : ""} {...props} />;
}

function OnePlayer({ source, label, durationS = 0, tracks, download, onFirstPlay, playAtOnce = false }: PlayerProps) {
  const { url, peaks, fault } = useSound(source);
  const audio = useRef<HTMLAudioElement>(null);
  const played = useRef(false);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [known, setKnown] = useState<number>();
  const [broken, setBroken] = useState(false);
  const [speed, setSpeed] = useState(1);
  const length = known ?? peaks?.durationS ?? durationS;

  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    const follow = () => {
      setAt(audio.current?.currentTime ?? 0);
      frame = requestAnimationFrame(follow);
    };
    frame = requestAnimationFrame(follow);
    return () => cancelAnimationFrame(frame);
  }, [playing]);

  const play = () => {
    const element = audio.current;
    if (element === null) return;
    element.playbackRate = speed;
    element.play().catch((reason: unknown) => {
      if (!(reason instanceof DOMException && reason.name === "AbortError")) setBroken(true);
    });
  };
  const toggle = () => (playing ? audio.current?.pause() : play());
  const seek = (seconds: number) => {
    const to = Math.max(0, Math.min(length, seconds));
    if (audio.current !== null) audio.current.currentTime = to;
    setAt(to);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: STEP_S, ArrowUp: STEP_S, ArrowLeft: -STEP_S, ArrowDown: -STEP_S }[event.key];
    if (step === undefined && event.key !== " ") return;
    event.preventDefault();
    if (step === undefined) toggle();
    else seek(at + step);
  };

  return (
    <div role="group" aria-label={label} data-player={playing ? "playing" : "paused"} className="flex flex-col gap-2">
      <audio
        ref={audio}
        src={url}
        preload="metadata"
        onPlay={(event) => {
          if (sounding !== event.currentTarget) sounding?.pause();
          sounding = event.currentTarget;
          setPlaying(true);
          if (!played.current) onFirstPlay?.();
          played.current = true;
        }}
        onPause={() => setPlaying(false)}
        onEnded={() => setPlaying(false)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
        onLoadedMetadata={({ currentTarget }) => {
          setBroken(false);
          if (Number.isFinite(currentTarget.duration)) setKnown(currentTarget.duration);
          if (playAtOnce && !played.current) play();
        }}
        onError={() => setBroken(url !== undefined)}
      />
      <div className="flex items-center gap-3">
        <button
          type="button"
          aria-label={playing ? t.media.player.pause : t.media.player.play}
          title={playing ? t.media.player.pause : t.media.player.play}
          disabled={url === undefined || fault !== undefined}
          onClick={toggle}
          className="inline-flex size-11 shrink-0 items-center justify-center rounded-full bg-accent text-on-accent transition-colors hover:bg-accent-hover disabled:opacity-50"
        >
          <Icon name={playing ? "pause" : "play"} className={`size-5 ${playing ? "" : "fill-current"}`} />
        </button>
        <Wave peaks={peaks} tracks={tracks} part={length > 0 ? at / length : 0}>
          <input
            type="range"
            min={0}
            max={Math.max(length, 0.1)}
            step={0.05}
            value={Math.min(at, length)}
            aria-label={t.media.player.position}
            aria-valuetext={t.media.player.positionOf(formatTimer(at * 1000), formatTimer(length * 1000))}
            onChange={(event) => seek(Number(event.target.value))}
            onKeyDown={onKeyDown}
            className="peer absolute inset-0 z-10 m-0 h-full w-full cursor-pointer touch-none appearance-none opacity-0"
          />
        </Wave>
      </div>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 pl-14 text-small text-soft">
        <span className="tabular-nums">
          {formatTimer(at * 1000)} / {length > 0 ? formatTimer(Math.round(length) * 1000) : "–"}
        </span>
        <Speed
          speed={speed}
          onSpeed={(next) => {
            setSpeed(next);
            if (audio.current !== null) audio.current.playbackRate = next;
          }}
        />
        {download !== undefined && url !== undefined && (
          <a
            href={url}
            download={download}
            className="ml-auto inline-flex min-h-9 items-center gap-1.5 rounded-lg px-2 hover:bg-hover hover:text-ink"
          >
            <Icon name="download" />
            {t.media.player.download}
          </a>
        )}
      </div>
      {(fault !== undefined || broken) && (
        <Notice tone="bad" alert>
          {fault !== undefined ? faultWords(fault, t) : t.media.player.unplayable}
        </Notice>
      )}
    </div>
  );
}

function Speed({ speed, onSpeed }: { readonly speed: number; readonly onSpeed: (speed: number) => void }) {
  const id = useId();
  return (
    <span className="inline-flex items-center">
      <label htmlFor={id} className="sr-only">
        {t.media.player.speed}
      </label>
      <select
        id={id}
        value={speed}
        onChange={(event) => onSpeed(Number(event.target.value))}
        className="min-h-9 rounded-lg border border-line bg-surface px-1.5 tabular-nums hover:border-line-strong"
      >
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {each.toLocaleString(t.locale)}×
          </option>
        ))}
      </select>
    </span>
  );
}

interface WaveProps {
  readonly peaks: Peaks | undefined;
  readonly tracks: readonly [string, string] | undefined;
  /** How much of it was played, 0 to 1. */
  readonly part: number;
  readonly children: React.ReactNode;
}

const FLAT: readonly number[] = Array.from({ length: 120 }, () => 0);

/** The shape of the sound, once in grey and over it, as far as it was played, in colour. */
function Wave({ peaks, tracks, part, children }: WaveProps) {
  const channels = peaks?.channels ?? (tracks === undefined ? [FLAT] : [FLAT, FLAT]);
  const shown = tracks === undefined ? channels.slice(0, 1) : channels.slice(0, 2);
  return (
    <div className="relative min-w-0 flex-1 rounded-lg bg-sunken has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent">
      {children}
      {shown.map((channel, index) => (
        <div key={index} className={`relative overflow-hidden ${shown.length > 1 ? "h-11" : "h-12"} ${index > 0 ? "border-t border-line" : ""}`}>
          <Bars peaks={channel} className="text-line-strong" />
          <div className="absolute inset-0" style={{ clipPath: `inset(0 ${(100 - Math.min(1, part) * 100).toFixed(2)}% 0 0)` }}>
            <Bars peaks={channel} className="text-accent" />
          </div>
          {shown.length > 1 && tracks !== undefined && (
            <span className="absolute top-0.5 left-1.5 max-w-[70%] truncate rounded bg-surface/85 px-1 text-label text-soft">
              {tracks[index]}
            </span>
          )}
        </div>
      ))}
      <span
        aria-hidden="true"
        className="pointer-events-none absolute inset-y-0 w-0.5 -translate-x-1/2 bg-accent"
        style={{ left: `${(Math.min(1, part) * 100).toFixed(2)}%` }}
      />
    </div>
  );
}

function Bars({ peaks, className }: { readonly peaks: readonly number[]; readonly className: string }) {
  return (
    <svg
      aria-hidden="true"
      viewBox={`0 0 ${peaks.length} 2`}
      preserveAspectRatio="none"
      className={`absolute inset-0 h-full w-full ${className}`}
    >
      <path d={wavePath(peaks)} stroke="currentColor" strokeWidth={0.6} fill="none" />
    </svg>
  );
}
