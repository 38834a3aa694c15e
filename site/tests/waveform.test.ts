import { describe, expect, it } from "vitest";
import { decodedPeaks, levelOf, toWav, wavePath, wavPeaks } from "../src/core/waveform.ts";

const tone = (frames: number, height: number) => Float32Array.from({ length: frames }, (_, at) => (at % 2 === 0 ? height : -height));

describe("peaks", () => {
  it("reads back what was written as WAV", () => {
    const file = toWav([tone(4000, 0.25), tone(4000, 0.5)], 8000);
    const peaks = wavPeaks(file, 4);
    expect(peaks?.durationS).toBe(1);
    expect(peaks?.channels).toHaveLength(1);
    expect(peaks?.channels[0]?.map((each) => Math.round(each * 100))).toEqual([25, 25, 50, 50]);
  });

  it("keeps the sides of a call apart", () => {
    const file = toWav([tone(8, 0.5)], 8000);
    const view = new DataView(file);
    view.setUint16(22, 2, true); // the same bytes, read as left and right
    for (let frame = 0; frame < 4; frame++) view.setInt16(44 + frame * 4 + 2, 0, true);
    const [left, right] = wavPeaks(file, 1)?.channels ?? [];
    expect(left?.[0]).toBeCloseTo(0.5, 3);
    expect(right).toEqual([0]);
  });

  it("draws a recording that still goes on as far as it is", () => {
    const file = toWav([tone(8000, 0.5)], 8000);
    new DataView(file).setUint32(40, 0xffffffff, true);
    expect(wavPeaks(file, 2)?.durationS).toBe(1);
    expect(wavPeaks(file.slice(0, 44 + 8000), 2)?.durationS).toBe(0.5);
  });

  it("leaves to the browser what is no WAV of 16 bits", () => {
    const mulaw = toWav([tone(8, 0.5)], 8000);
    new DataView(mulaw).setUint16(20, 7, true);
    for (const file of [mulaw, new ArrayBuffer(0), new TextEncoder().encode("OggS and something more").buffer]) {
      expect(wavPeaks(file, 2)).toBeUndefined();
    }
  });

  it("has never more bars than samples", () => {
    expect(decodedPeaks([tone(3, 0.5)], 1, 100).channels[0]).toEqual([0.5, 0.5, 0.5]);
    expect(decodedPeaks([new Float32Array(0)], 0, 100).channels[0]).toEqual([0]);
  });
});

it("draws one bar a peak, and silence as a thin line", () => {
  expect(wavePath([0, 1])).toBe("M0.5 0.971V1.029M1.5 0.040V1.960");
  expect(wavePath([0.1, 0])).toBe("M0.5 0.616V1.384M1.5 0.971V1.029");
});

it("shows speech in the middle of the meter and clips at its ends", () => {
  expect(levelOf(new Float32Array(100))).toBe(0);
  expect(levelOf(tone(100, 1))).toBe(1);
  const speech = levelOf(tone(100, 0.05));
  expect(speech).toBeGreaterThan(0.4);
  expect(speech).toBeLessThan(0.7);
});
