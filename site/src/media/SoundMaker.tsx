/** Puts a sound in its place on the node: a file of this computer, or a recording of its microphone. */
import type { DragEvent } from "react";
import { useRef, useState } from "react";
import { upload } from "../api/client.ts";
import { faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { microphoneAllowed } from "./microphone.ts";
import { Recorder } from "./Recorder.tsx";

const TYPES = ".wav,.mp3,.ogg,.oga,.opus,.flac,audio/wav,audio/mpeg,audio/ogg,audio/flac";

interface SoundMakerProps {
  /** Where it is put, below /api/v1. */
  readonly path: string;
  readonly mostS: number;
  readonly mostMb: number;
  readonly onDone: () => void;
}

export function SoundMaker({ path, mostS, mostMb, onDone }: SoundMakerProps) {
  const chooser = useRef<HTMLInputElement>(null);
  const [recording, setRecording] = useState(false);
  const [sent, setSent] = useState<number>();
  const [fault, setFault] = useState("");
  const [over, setOver] = useState(false);

  const send = async (file: Blob) => {
    const tooLarge = file.size > mostMb << 20;
    setFault(tooLarge ? t.media.upload.tooLarge(mostMb) : "");
    if (tooLarge) return;
    setSent(0);
    try {
      await upload(path, file, setSent);
      setRecording(false);
      onDone();
    } catch (reason) {
      setFault(faultWords(reason, t));
    } finally {
      setSent(undefined);
    }
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file !== undefined) void send(file);
  };

  return (
    <div
      className={`flex flex-col gap-3 rounded-xl ${over ? "outline-2 outline-accent outline-dashed" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      {fault !== "" && (
        <Notice tone="bad" alert>
          {fault}
        </Notice>
      )}
      {recording ? (
        <Recorder mostS={mostS} busy={sent !== undefined} onUse={(file) => void send(file)} onCancel={() => setRecording(false)} />
      ) : (
        <div className="flex flex-wrap items-center gap-2">
          <input
            ref={chooser}
            type="file"
            accept={TYPES}
            aria-label={t.media.upload.choose}
            className="sr-only"
            tabIndex={-1}
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              event.target.value = "";
              if (file !== undefined) void send(file);
            }}
          />
          <Button icon="upload" busy={sent !== undefined} onClick={() => chooser.current?.click()}>
            {t.media.upload.choose}
          </Button>
          <Button icon="mic" disabled={sent !== undefined || !microphoneAllowed()} onClick={() => setRecording(true)}>
            {t.media.upload.record}
          </Button>
        </div>
      )}
      {sent !== undefined && (
        <div className="flex items-center gap-3 text-small text-soft">
          <progress value={sent} max={1} aria-label={t.media.upload.sending} className="h-2 flex-1 accent-accent" />
          <span className="tabular-nums">{sent < 1 ? `${Math.round(sent * 100)} %` : t.media.upload.converting}</span>
        </div>
      )}
      <p className="text-small text-faint">
        {t.media.upload.help(mostMb, mostS)}
        {!microphoneAllowed() && ` ${t.media.recorder.fault.insecure}`}
      </p>
    </div>
  );
}
