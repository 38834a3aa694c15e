/** Sound as shapes: the loudest moments of a file for drawing, a recording as a WAV file, and how loud it is. */

/** The loudest of each stretch of time, 0 to 1, one list a channel. */
export interface Peaks {
  readonly channels: readonly (readonly number[])[];
  readonly durationS: number;
}

const PCM = 1;
const EXTENSIBLE = 0xfffe;

interface WavFormat {
  readonly channels: number;
  readonly rateHz: number;
  readonly start: number;
  readonly bytes: number;
}

/** Peaks of a WAV file with 16-bit samples; undefined for anything else, which the browser has to decode. */
export function wavPeaks(file: ArrayBuffer, buckets: number): Peaks | undefined {
  const format = wavFormat(file);
  if (format === undefined) return undefined;
  const { channels, rateHz, start, bytes } = format;
  const frames = Math.floor(bytes / (2 * channels));
  const view = new DataView(file, start);
  const found = Array.from({ length: channels }, (_, channel) =>
    peaksOf(frames, buckets, (frame) => view.getInt16((frame * channels + channel) * 2, true) / 32768),
  );
  return { channels: found, durationS: frames / rateHz };
}

/** Peaks of what the browser has decoded. */
export function decodedPeaks(channels: readonly Float32Array[], durationS: number, buckets: number): Peaks {
  return { channels: channels.map((each) => peaksOf(each.length, buckets, (frame) => each[frame] ?? 0)), durationS };
}

function peaksOf(frames: number, buckets: number, at: (frame: number) => number): number[] {
  const count = Math.max(1, Math.min(buckets, frames));
  return Array.from({ length: count }, (_, bucket) => {
    const end = Math.floor(((bucket + 1) * frames) / count);
    let highest = 0;
    for (let frame = Math.floor((bucket * frames) / count); frame < end; frame++) {
      highest = Math.max(highest, Math.abs(at(frame)));
    }
    return highest;
  });
}

/** Walks the chunks of a RIFF file. A recording that still goes on may promise more data than there is. */
function wavFormat(file: ArrayBuffer): WavFormat | undefined {
  const view = new DataView(file);
  if (file.byteLength < 12 || word(view, 0) !== "RIFF" || word(view, 8) !== "WAVE") return undefined;
  let format: { readonly channels: number; readonly rateHz: number } | undefined;
  for (let at = 12; at + 8 <= file.byteLength; ) {
    const size = view.getUint32(at + 4, true);
    const body = at + 8;
    if (word(view, at) === "fmt " && body + 16 <= file.byteLength) {
      const kind = view.getUint16(body, true);
      if ((kind !== PCM && kind !== EXTENSIBLE) || view.getUint16(body + 14, true) !== 16) return undefined;
      format = { channels: view.getUint16(body + 2, true), rateHz: view.getUint32(body + 4, true) };
    }
    if (word(view, at) === "data") {
      if (format === undefined || format.channels < 1 || format.rateHz < 1) return undefined;
      return { ...format, start: body, bytes: Math.min(size, file.byteLength - body) };
    }
    at = body + size + (size % 2);
  }
  return undefined;
}

function word(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}

/**
 * Bars as one SVG path in a box of `peaks.length` by 2, around the middle. Quiet files are drawn larger, up to four
 * times, so that speech is seen; silence stays a line.
 */
export function wavePath(peaks: readonly number[]): string {
  const loudest = Math.max(0.25, ...peaks);
  return peaks
    .map((peak, index) => {
      const half = Math.max(0.03, peak / loudest) * 0.96;
      return `M${index + 0.5} ${(1 - half).toFixed(3)}V${(1 + half).toFixed(3)}`;
    })
    .join("");
}

/** One channel of samples from -1 to 1 as a WAV file of 16 bits. */
export function toWav(pieces: readonly Float32Array[], rateHz: number): ArrayBuffer {
  const frames = pieces.reduce((sum, each) => sum + each.length, 0);
  const file = new ArrayBuffer(44 + frames * 2);
  const view = new DataView(file);
  const text = (at: number, words: string) => {
    for (let index = 0; index < words.length; index++) view.setUint8(at + index, words.charCodeAt(index));
  };
  text(0, "RIFF");
  view.setUint32(4, 36 + frames * 2, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, PCM, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rateHz, true);
  view.setUint32(28, rateHz * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, frames * 2, true);
  let at = 44;
  for (const piece of pieces) {
    for (const sample of piece) {
      view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32767), true);
      at += 2;
    }
  }
  return file;
}

const QUIETEST_DB = -54;

/** How loud samples are, 0 (silence) to 1 (as loud as can be), by decibels as ears hear it. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(Math.max(sum / Math.max(1, samples.length), 1e-12));
  return Math.max(0, Math.min(1, 1 - db / QUIETEST_DB));
}
