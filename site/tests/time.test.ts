import { afterEach, describe, expect, test } from "vitest";
import { backoffMs } from "../src/core/backoff.ts";
import { formatDay, formatDuration, formatRemaining, formatShortClock, formatTimer, instant, midnight, otherZone, showTimesOf } from "../src/core/time.ts";
import { en } from "../src/text/en/index.ts";

describe("timers", () => {
  test.each([
    [0, "0:00"],
    [7_900, "0:07"],
    [765_000, "12:45"],
    [3_723_000, "1:02:03"],
    [-4_000, "0:00"],
  ])("%i ms reads %s", (ms, text) => {
    expect(formatTimer(ms)).toBe(text);
  });
});

describe("durations", () => {
  test.each([
    [0, "0 s"],
    [0.4, "0 s"],
    [7, "7 s"],
    [192, "3 min 12 s"],
    [180, "3 min"],
    [3_860, "1 h 4 min"],
    [273_600, "3 days 4 h"],
    [86_400, "1 day"],
  ])("%f seconds read %s", (seconds, text) => {
    expect(formatDuration(seconds, en.duration)).toBe(text);
  });

  test("what is left of a registration does not count seconds above a minute", () => {
    expect(formatRemaining(2_929, en.duration)).toBe("48 min");
    expect(formatRemaining(59, en.duration)).toBe("59 s");
  });
});

describe("days", () => {
  const now = Date.parse("2026-03-02T00:30:00Z");
  test.each([
    ["2026-03-02T00:10:00Z", "Today"],
    ["2026-03-01T23:10:00Z", "Today"], // in Berlin it is already the 2nd
    ["2026-03-01T22:10:00Z", "Yesterday"],
    ["2026-02-20T10:00:00Z", "Fri 20 Feb"],
    ["2025-02-20T10:00:00Z", "Thu 20 Feb 2025"],
  ])("%s is %s", (at, text) => {
    // The comma after the weekday comes and goes with the version of the language data.
    expect(formatDay(at, now, "en-GB", en.history, "Europe/Berlin").replace(",", "")).toBe(text);
  });
});

describe("the office's zone", () => {
  afterEach(() => showTimesOf(""));

  test.each([
    ["2026-03-29", 0, "2026-03-28T23:00:00.000Z"], // its clocks go forward that night
    ["2026-03-29", 1, "2026-03-29T22:00:00.000Z"],
    ["2026-10-25", 1, "2026-10-25T23:00:00.000Z"],
    ["no day", 0, ""],
  ])("%s + %i days begins at %s in Berlin", (day, later, at) => {
    expect(midnight(day, later, "Europe/Berlin")).toBe(at);
  });

  test("an instant is when its clocks show it", () => {
    expect(instant("2026-07-01T09:30", 0, "America/New_York")).toBe("2026-07-01T13:30:00.000Z");
  });

  test("counts for all times from then on", () => {
    showTimesOf("Asia/Tokyo");
    expect(formatShortClock("2026-03-01T22:10:00Z", "en-GB")).toBe("07:10");
    expect(midnight("2026-03-02")).toBe("2026-03-01T15:00:00.000Z");
    expect(otherZone(0)).toBe("Asia/Tokyo");
  });

  test("that no browser knows is that of the browser", () => {
    showTimesOf("Mars/Olympus");
    expect(otherZone(0)).toBeUndefined();
  });
});

describe("waiting for a node to come back", () => {
  test("doubles up to 15 s, and chance spreads it over the second half", () => {
    expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 0.999))).toEqual([500, 1000, 1999, 3998]);
    expect(backoffMs(40, 0)).toBe(7_500);
    expect(backoffMs(40, 0.999)).toBeLessThanOrEqual(15_000);
  });
});
