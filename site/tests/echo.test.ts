/** The verdict on how somebody sounds, and the measures that it is made of. */
import { describe, expect, it } from "vitest";
import { clippedIn, judgeEcho, levelDb, SILENCE, toneIn, type Measured } from "../src/core/echo.ts";

const SPEECH = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? -60 : -24));
const GOOD: Measured = { spoken: SPEECH, returned: SPEECH, clipped: 0, roundTripMs: 90, lost: 0 };

function sine(hertz: number, peak: number, rate = 48_000, length = 2048): Float32Array {
  return Float32Array.from({ length }, (_, index) => peak * Math.sin((2 * Math.PI * hertz * index) / rate));
}

describe("the verdict", () => {
  it("is that you sound fine, with how loud and how long", () => {
    expect(judgeEcho(GOOD)).toEqual({ fine: true, faults: [], level: -24, returnedLevel: -24, roundTripMs: 90, lost: 0 });
  });

  it.each<[string, Partial<Measured>, readonly string[]]>([
    ["nothing came back", { roundTripMs: undefined, returned: [SILENCE] }, ["no_return"]],
    ["a muted microphone is heard by the tone alone", { spoken: [-80, -82], returned: [-80] }, ["silent"]],
    ["neither the one nor the other", { spoken: [], returned: [], roundTripMs: undefined }, ["no_return", "silent"]],
    ["a whisper", { spoken: SPEECH.map((each) => each - 22) }, ["quiet"]],
    ["too loud for the microphone", { clipped: 0.01 }, ["clipped"]],
    ["holes in it", { lost: 0.05 }, ["lost"]],
    ["a long way", { roundTripMs: 900 }, ["delay"]],
    ["holes on a long way", { roundTripMs: 900, lost: 0.2 }, ["lost", "delay"]],
  ])("%s", (_, change, faults) => {
    const verdict = judgeEcho({ ...GOOD, ...change });
    expect(verdict.fine).toBe(false);
    expect(verdict.faults).toEqual(faults);
  });

  it("counts what came back though the tone was lost", () => {
    expect(judgeEcho({ ...GOOD, roundTripMs: undefined }).fine).toBe(true);
  });

  it("is not that of one click", () => {
    expect(judgeEcho({ ...GOOD, spoken: [-3, ...Array.from({ length: 99 }, () => -80)] }).faults).toEqual(["silent"]);
  });
});

describe("the measures", () => {
  it("of a level are dBFS", () => {
    expect(levelDb(sine(1000, 1))).toBeCloseTo(-3.01, 1);
    expect(levelDb(sine(1000, 0.1))).toBeCloseTo(-23.01, 1);
    expect(levelDb(new Float32Array(64))).toBe(SILENCE);
  });

  it("find one tone among others, and none in noise", () => {
    expect(toneIn(sine(1500, 0.2), 1500, 48_000)).toBeGreaterThan(0.95);
    expect(toneIn(sine(900, 0.2), 1500, 48_000)).toBeLessThan(0.05);
    const both = sine(1500, 0.2).map((each, index) => each + (sine(300, 0.2)[index] ?? 0));
    expect(toneIn(both, 1500, 48_000)).toBeCloseTo(0.5, 1);
    expect(toneIn(new Float32Array(64), 1500, 48_000)).toBe(0);
  });

  it("count what is cut off", () => {
    expect(clippedIn(sine(1000, 0.9))).toBe(0);
    expect(clippedIn(sine(1000, 2).map((each) => Math.max(-1, Math.min(1, each)))) / 2048).toBeGreaterThan(0.5);
  });
});
