import { describe, expect, it } from "vitest";
import { buttonPlaces, lampPlaces, lampReport, readBit, type Report } from "../../src/phone/hid.ts";

const T = (usage: number) => 0x0b0000 | usage;
const L = (usage: number) => 0x080000 | usage;

/** As a common USB headset describes itself: hook and mute in the first bits, a keypad behind. */
const INPUT: Report[] = [
  {
    reportId: 8,
    items: [
      { usages: [T(0x20)], reportSize: 1, reportCount: 1, isAbsolute: true },
      { usages: [T(0x2f), T(0x21)], reportSize: 1, reportCount: 2, isAbsolute: false },
      { isRange: true, usageMinimum: T(0xb0), usageMaximum: T(0xbb), reportSize: 1, reportCount: 12 },
    ],
  },
];
const OUTPUT: Report[] = [
  { reportId: 9, items: [{ usages: [L(0x17), L(0x09)], reportSize: 1, reportCount: 2 }, { usages: [], reportSize: 6, reportCount: 1 }, { usages: [L(0x18)], reportSize: 1, reportCount: 1 }] },
];

describe("the buttons of a headset", () => {
  it("are found where its reports have them", () => {
    expect(buttonPlaces(INPUT).map((each) => [each.name, each.report, each.bit, each.absolute])).toEqual([
      ["hook", 8, 0, true],
      ["mute", 8, 1, false],
      ["flash", 8, 2, false],
    ]);
  });
  it("a device of another kind has none", () => expect(buttonPlaces([{ reportId: 1, items: [{ usages: [0x0c00e9] }] }])).toEqual([]));
  it("bits are read from the lowest on, and none behind the end", () => {
    expect(readBit(Uint8Array.of(0b0000_0010, 1), 1)).toBe(true);
    expect(readBit(Uint8Array.of(0b0000_0010, 1), 8)).toBe(true);
    expect(readBit(Uint8Array.of(0b0000_0010), 8)).toBe(false);
  });
});

it("its lamps are lit in one report", () => {
  const lamps = lampPlaces(OUTPUT);
  expect(lamps.map((each) => [each.name, each.bit])).toEqual([
    ["offHook", 0],
    ["mute", 1],
    ["ring", 8],
  ]);
  expect([...lampReport(lamps, 9, new Set(["ring", "offHook"]))]).toEqual([1, 1]);
  expect([...lampReport(lamps, 9, new Set())]).toEqual([0, 0]);
});
