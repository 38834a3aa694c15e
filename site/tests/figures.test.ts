import { describe, expect, it } from "vitest";
import { cdrFilter } from "../src/core/history.ts";
import { answerRate, csv, heat } from "../src/core/figures.ts";

it("knows no rate of nothing", () => {
  expect(answerRate({ answered: 0, missed: 0 })).toBeUndefined();
  expect(answerRate({ answered: 3, missed: 1 })).toBe(0.75);
});

it("warms hours by the busiest one", () => {
  const hours = [0, 5, 10].map((calls, hour) => ({ hour, calls, missed: 0 }));
  expect(heat(hours)).toEqual([0, 0.5, 1]);
  expect(heat(hours.map((each) => ({ ...each, calls: 0 })))).toEqual([0, 0, 0]);
});

it("writes a table that spreadsheets read and do not run", () => {
  expect(csv(["a", "b"], [['say "hi", you', 1], ["=1+1", -2], ["+4930", 0]])).toBe(
    'a,b\r\n"say ""hi"", you",1\r\n\'=1+1,-2\r\n\'+4930,0\r\n',
  );
});

describe("the filter of the history", () => {
  const midnight = (day: string, later: number) => `${day}+${later}`;

  it("asks by the names of the API, days included", () => {
    expect(
      cdrFilter({ q: "+49 (30) 12", show: "busy", direction: "inbound", queue: "700", from: "2026-11-01", to: "2026-11-02", talk: 30 }, midnight),
    ).toEqual({ number: "+493012", disposition: "busy", direction: "inbound", queue: "700", from: "2026-11-01+0", to: "2026-11-02+1", min_talk_s: 30 });
    expect(cdrFilter({ q: " Weber & Sons ", show: "missed" }, midnight)).toEqual({ q: "Weber & Sons", missed: "true" });
  });

  it("leaves out what somebody typed into the address", () => {
    expect(cdrFilter({ show: "lost", direction: "up", extension: "1; drop", from: "soon" }, midnight)).toEqual({});
  });
});
