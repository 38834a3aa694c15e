/**
 * What a call to the echo test says about how somebody sounds. Pure.
 *
 * Before they speak, a short tone goes out with the microphone: when it comes back, the way is there in both directions,
 * whatever the microphone does, and how long that took is the round trip.
 */

export interface Measured {
  /** Decibels below the loudest possible (dBFS), of a window of speech each. */
  readonly spoken: readonly number[];
  readonly returned: readonly number[];
  /** The part of the samples of the microphone that are as loud as can be, 0 to 1. */
  readonly clipped: number;
  /** From the tone to its return; undefined when it never came. */
  readonly roundTripMs: number | undefined;
  /** The part of the packets that were lost in the worse direction, 0 to 1. */
  readonly lost: number;
}

export type EchoFault = "no_return" | "silent" | "quiet" | "clipped" | "lost" | "delay";

export interface EchoVerdict {
  readonly fine: boolean;
  /** The worst first. */
  readonly faults: readonly EchoFault[];
  /** dBFS of what was said loudest, and of what came back. */
  readonly level: number;
  readonly returnedLevel: number;
  readonly roundTripMs: number | undefined;
  readonly lost: number;
}

export const SILENCE = -90;
/** A microphone that works hears a room at about -60. */
const SILENT_DB = -55;
/** Speech that is this loud is understood without effort (ITU-T P.56 asks for about -26 on average). */
const QUIET_DB = -40;
const MOST_CLIPPED = 0.002;
const MOST_LOST = 0.03;
/** Of the whole way there and back, with both jitter buffers; talk becomes an effort beyond (ITU-T G.114: 400 one way). */
const LONGEST_MS = 600;

export function judgeEcho(measured: Measured): EchoVerdict {
  const level = loud(measured.spoken);
  const returnedLevel = loud(measured.returned);
  const faults: EchoFault[] = [];
  if (measured.roundTripMs === undefined && returnedLevel < SILENT_DB) faults.push("no_return");
  if (level < SILENT_DB) faults.push("silent");
  else if (level < QUIET_DB) faults.push("quiet");
  if (measured.clipped > MOST_CLIPPED) faults.push("clipped");
  if (measured.lost > MOST_LOST) faults.push("lost");
  if (measured.roundTripMs !== undefined && measured.roundTripMs > LONGEST_MS) faults.push("delay");
  return { fine: faults.length === 0, faults, level, returnedLevel, roundTripMs: measured.roundTripMs, lost: measured.lost };
}

/** What people hear of speech: its loud parts. The tenth loudest window of a hundred, so that one click is none. */
function loud(windows: readonly number[]): number {
  const sorted = [...windows].sort((one, other) => other - one);
  return sorted[Math.floor(sorted.length / 10)] ?? SILENCE;
}

/** The level of some samples, in dBFS. */
export function levelDb(samples: Float32Array): number {
  const power = samples.reduce((sum, each) => sum + each * each, 0) / Math.max(1, samples.length);
  return Math.max(SILENCE, 10 * Math.log10(power + 1e-12));
}

/** How many samples are at the end of their range. */
export function clippedIn(samples: Float32Array): number {
  return samples.reduce((count, each) => count + (Math.abs(each) >= 0.985 ? 1 : 0), 0);
}

/** The part of the power at one frequency, 0 to 1 (Goertzel). */
export function toneIn(samples: Float32Array, hertz: number, rate: number): number {
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [before, last, power] = [0, 0, 0];
  for (const each of samples) {
    const next = each + turn * last - before;
    before = last;
    last = next;
    power += each * each;
  }
  const found = before * before + last * last - turn * before * last;
  return power === 0 ? 0 : Math.min(1, found / (power * (samples.length / 2)));
}
