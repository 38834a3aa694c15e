/**
 * Records this computer's microphone as WAV. The browser's own MediaRecorder makes WebM, which a phone system has to
 * convert first; samples from an AudioWorklet need no conversion and give the level at the same time.
 */
import { levelOf, toWav } from "../core/waveform.ts";

/** Why there is no recording: the words are the page's. */
export type MicrophoneFault = "insecure" | "refused" | "missing" | "failed";

export interface Microphone {
  /** The recording so far; the microphone is let go. */
  stop(): Blob;
  cancel(): void;
}

/** Browsers lend a microphone to pages over HTTPS, and on the same computer, only. */
export function microphoneAllowed(): boolean {
  return window.isSecureContext && "mediaDevices" in navigator;
}

/** Throws a `MicrophoneFault`. `onSound` is told the level (0 to 1) and the length (seconds), ten times a second. */
export async function openMicrophone(onSound: (level: number, seconds: number) => void): Promise<Microphone> {
  if (!microphoneAllowed()) throw new MicrophoneError("insecure");
  const stream = await askFor();
  const context = new AudioContext();
  const pieces: Float32Array[] = [];
  let samples = 0;
  const close = () => {
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
  try {
    await context.audioWorklet.addModule(`${import.meta.env.BASE_URL}recorder-worklet.js`);
    await context.resume();
    const node = new AudioWorkletNode(context, "recorder", { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      pieces.push(data);
      samples += data.length;
      onSound(levelOf(data), samples / context.sampleRate);
    };
    context.createMediaStreamSource(stream).connect(node);
  } catch {
    close();
    throw new MicrophoneError("failed");
  }
  return {
    stop() {
      const file = new Blob([toWav(pieces, context.sampleRate)], { type: "audio/wav" });
      close();
      return file;
    },
    cancel: close,
  };
}

export class MicrophoneError extends Error {
  readonly fault: MicrophoneFault;

  constructor(fault: MicrophoneFault) {
    super(fault);
    this.fault = fault;
  }
}

async function askFor(): Promise<MediaStream> {
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, channelCount: 1 } });
  } catch (reason) {
    const name = reason instanceof DOMException ? reason.name : "";
    throw new MicrophoneError(name === "NotAllowedError" ? "refused" : name === "NotFoundError" ? "missing" : "failed");
  }
}
