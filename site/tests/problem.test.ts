import { expect, test } from "vitest";
import { faultFrom, faultsByField, faultWords } from "../src/core/problem.ts";
import { en } from "../src/text/en/index.ts";

const refused = (error: object, words?: (english: string) => string) =>
  faultFrom(422, { detail: "$.username: this is not possible here", errors: [{ path: "$.username", message: "this is not possible here", ...error }] }, null, words);

test("a field that does not fit says what would, without the path that is for programs", () => {
  const fault = refused({ needed: "up to 64 letters, no spaces" });
  expect(faultsByField(fault)).toEqual({ username: "Up to 64 letters, no spaces." });
  expect(faultWords(fault, en)).toBe("Up to 64 letters, no spaces.");
});

test("what would fit is said in the language of the page, and what to do after it", () => {
  const fault = refused({ needed: "no spaces", action: "Leave it empty" }, (english) => (english === "no spaces" ? "keine Leerzeichen" : english));
  expect(fault.errors[0]?.message).toBe("Keine Leerzeichen. Leave it empty.");
});

test("words of its own are kept", () => {
  const fault = faultFrom(409, { detail: "There is an extension 101 already." }, null);
  expect(faultWords(fault, en)).toBe("There is an extension 101 already.");
});
