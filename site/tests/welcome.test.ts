import { expect, test } from "vitest";
import { draftRows, MOST_PEOPLE, newestCall, ownChoices, twice, verdictOf } from "../src/core/welcome.ts";
import { at, leg, liveCall } from "./samples.ts";

test("proposed numbers go on after those that are taken, and names typed so far stay", () => {
  expect(draftRows(3, "101", new Set(["102"]), [{ number: "101", name: "Ann" }])).toEqual([
    { number: "101", name: "Ann" },
    { number: "103", name: "" },
    { number: "104", name: "" },
  ]);
  expect(draftRows(1000, "20", new Set(), [])).toHaveLength(MOST_PEOPLE);
  expect(draftRows(1, "x", new Set(), [])[0]?.number).toBe("101");
});

test("whoever has no extension is offered the lowest that is in use and nobody's", () => {
  const office = [
    { number: "1000", enabled: true },
    { number: "100", enabled: false },
    { number: "102", enabled: true },
    { number: "101", enabled: true },
  ];
  const number = (...extensions: readonly (string | null)[]) => ownChoices(office, extensions.map((extension) => ({ extension })))[0]?.number;
  expect(number(null)).toBe("101");
  expect(number(null, "101")).toBe("102");
  expect(number("101", "102", "1000")).toBeUndefined();
});

const answered = { state: "talking", answered_at: at(4) };

test("an echo test is heard once sound comes from its only leg", () => {
  const echo = (audio: string) => verdictOf(liveCall({ ...answered, dialled: "*43", legs: [leg("a", "101", "talking", audio)] }));
  expect(echo("none")).toEqual({ kind: "answered" });
  expect(echo("flowing")).toEqual({ kind: "heard", echo: true });
  expect(echo("silent")).toEqual({ kind: "silent", extension: "101" });
});

test("a call between two phones is heard only when both send sound", () => {
  const both = (a: string, b: string) =>
    verdictOf(liveCall({ ...answered, legs: [leg("a", "101", "talking", a), leg("b1", "102", "talking", b)] }));
  expect(both("flowing", "flowing")).toEqual({ kind: "heard", echo: false });
  expect(both("flowing", "none")).toEqual({ kind: "answered" });
  expect(both("flowing", "one_way")).toEqual({ kind: "silent", extension: "102" });
});

test("ringing is not answered", () => {
  expect(verdictOf(liveCall())).toEqual({ kind: "ringing" });
});

test("the newest call is watched", () => {
  expect(newestCall([liveCall({ id: "new", started_at: at(9) }), liveCall({ id: "old" })])?.id).toBe("new");
  expect(newestCall([])).toBeUndefined();
});

test("of two rows with one number the second is refused", () => {
  const rows = ["101", "102", "101", "101"].map((number) => ({ number, name: "" }));
  expect([...twice(rows)]).toEqual([2, 3]);
});
