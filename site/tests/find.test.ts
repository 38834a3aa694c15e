import { expect, test } from "vitest";
import { find, looksLikeCallId } from "../src/core/find.ts";

const things = [
  { title: "Phones", also: "People" },
  { title: "Müller", also: "104" },
  { title: "Ring groups", also: "People" },
  { title: "Front desk phone", also: "110" },
];
const titles = (query: string, most = 10) => find(things, query, most).map((each) => each.title);

test("a title that begins with the word comes before one that only has it", () => {
  expect(titles("phone")).toEqual(["Phones", "Front desk phone"]);
});

test("accents and case do not matter, numbers find who has them", () => {
  expect(titles("muller")).toEqual(["Müller"]);
  expect(titles("110")).toEqual(["Front desk phone"]);
});

test("every word has to be there", () => {
  expect(titles("ring people")).toEqual(["Ring groups"]);
  expect(titles("ring phone")).toEqual([]);
});

test("nothing typed finds all, up to the most that is shown", () => {
  expect(titles("  ", 2)).toEqual(["Phones", "Müller"]);
});

test("signs with a meaning in patterns are plain text", () => {
  expect(() => titles("*43 (")).not.toThrow();
});

test("a call's id is told from a name", () => {
  expect(looksLikeCallId(" 01J9ZQ4V7N3T8K2M5R6W1X0YAB ")).toBe(true);
  expect(looksLikeCallId("Front desk phone")).toBe(false);
  expect(looksLikeCallId("4930123456")).toBe(false);
});
