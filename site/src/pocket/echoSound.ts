/**
 * The ears of an echo test: what the microphone gives goes out together with a short tone now and then, and both what
 * goes out and what comes back are measured.
 */
import { clippedIn, levelDb, toneIn, type Measured } from "../core/echo.ts";
import { pageSound } from "../phone/sound.ts";
import type { Sound } from "../phone/types.ts";

/** How loud it is now, in dBFS. */
export interface Levels {
  readonly spoken: number;
  readonly returned: number;
  /** How much of the time to speak is over, 0 to 1. */
  readonly part: number;
}

const TONE_HZ = 1500;
const TONE_S = 0.18;
const TONE_LEVEL = 0.2;
const TRIES = 3;
const TONE_MS = 1500;
const LOOK_MS = 5;
const SPEAK_MS = 5000;
const WINDOW_MS = 45;
/** The tone is found when it is most of what is there. */
const FOUND = 0.6;
const HEARD_DB = -50;

export class EchoSound implements Sound {
  private readonly context = new AudioContext();
  private readonly spoken = this.ear();
  private readonly returned = this.ear();
  private readonly mouth = this.context.createGain();
  private out: MediaStreamAudioDestinationNode | undefined;
  private lent: MediaStream | undefined;

  async microphone(): Promise<MediaStream> {
    this.lent = await pageSound().microphone();
    await this.context.resume();
    const source = this.context.createMediaStreamSource(this.lent);
    this.out = this.context.createMediaStreamDestination();
    source.connect(this.spoken);
    source.connect(this.mouth).connect(this.out);
    return this.out.stream;
  }

  play(call: string, stream: MediaStream): void {
    pageSound().play(call, stream);
    this.context.createMediaStreamSource(stream).connect(this.returned);
  }

  stop(call: string): void {
    pageSound().stop(call);
  }

  onMicrophone(): () => void {
    return () => undefined;
  }

  close(): void {
    for (const track of this.lent?.getTracks() ?? []) track.stop();
    if (this.context.state !== "closed") void this.context.close();
  }

  /** From the tone to its return, in milliseconds; undefined when it does not come back. */
  async roundTrip(signal: AbortSignal): Promise<number | undefined> {
    this.mouth.gain.value = 0; // whoever speaks already does not drown it
    try {
      for (let tries = 0; tries < TRIES && !signal.aborted; tries += 1) {
        const found = await this.once(signal);
        if (found !== undefined) return found;
        await pause(300, signal);
      }
      return undefined;
    } finally {
      await pause(300, signal);
      this.mouth.gain.value = 1;
    }
  }

  /** While somebody speaks. `lost` is asked for at the end. */
  async listen(onLevels: (levels: Levels) => void, signal: AbortSignal): Promise<Pick<Measured, "spoken" | "returned" | "clipped">> {
    const [spoken, returned]: [number[], number[]] = [[], []];
    let clipped = 0;
    const began = performance.now();
    for (let past = 0; past < SPEAK_MS && !signal.aborted; past = performance.now() - began) {
      const said = samplesOf(this.spoken);
      spoken.push(levelDb(said));
      returned.push(levelDb(samplesOf(this.returned)));
      clipped += clippedIn(said) / said.length;
      onLevels({ spoken: spoken.at(-1) ?? 0, returned: returned.at(-1) ?? 0, part: past / SPEAK_MS });
      await pause(WINDOW_MS, signal);
    }
    return { spoken, returned, clipped: clipped / Math.max(1, spoken.length) };
  }

  private async once(signal: AbortSignal): Promise<number | undefined> {
    if (this.out === undefined) return undefined;
    const tone = this.context.createOscillator();
    const gate = this.context.createGain();
    tone.frequency.value = TONE_HZ;
    gate.gain.value = TONE_LEVEL;
    tone.connect(gate).connect(this.out);
    const began = performance.now();
    tone.start();
    tone.stop(this.context.currentTime + TONE_S);
    while (performance.now() - began < TONE_MS && !signal.aborted) {
      await pause(LOOK_MS, signal);
      const heard = samplesOf(this.returned);
      if (levelDb(heard) < HEARD_DB || toneIn(heard, TONE_HZ, this.context.sampleRate) < FOUND) continue;
      // It fills the window by then, so it came that much earlier.
      const window = (1000 * heard.length) / this.context.sampleRate;
      return Math.max(0, performance.now() - began - window * FOUND);
    }
    return undefined;
  }

  private ear(): AnalyserNode {
    const analyser = this.context.createAnalyser();
    analyser.fftSize = 1024;
    return analyser;
  }
}

function samplesOf(analyser: AnalyserNode): Float32Array {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return samples;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}
