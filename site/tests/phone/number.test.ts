import { describe, expect, it } from "vitest";
import { dialable, readable, sameNumber } from "../../src/phone/number.ts";

describe("a number is dialled from whatever was pasted", () => {
  it.each([
    ["+49 (0)30 / 90 18-20", "+4930901820"],
    ["tel:+49-30-901820;ext=5", "+4930901820"],
    ["tel:%2B4930901820", "+4930901820"],
    ["0049 30 901820", "+4930901820"],
    ["(030) 901 820", "030901820"],
    ["sip:102@office.example;transport=tls", "102"],
    ["0800 FLOWERS", "08003569377"],
    ["1-800-GO-FEDEX", "18004633339"],
    ["*43", "*43"],
    ["*68#", "*68#"],
    ["101", "101"],
    ["+49\u00a030\u2011901820", "+4930901820"],
    ["+49 30 901820\n", "+4930901820"],
    ["Phone: +49 30 901820, ask for Ben", "+4930901820"],
  ])("%s", (pasted, dialled) => expect(dialable(pasted)).toBe(dialled));

  it.each(["", "Anna", "no number 12", "between 030 901820 and 030 901821", "+", "%%%"])("nothing in %j", (text) => {
    expect(dialable(text)).toBe("");
  });
});

describe("the same phone, however it is written", () => {
  it("by its last nine digits", () => {
    expect(sameNumber("+4930901820", "030901820")).toBe(true);
    expect(sameNumber("+4930901820", "+4930901821")).toBe(false);
  });
  it("short numbers only when they are equal, and codes are no extensions", () => {
    expect(sameNumber("101", "101")).toBe(true);
    expect(sameNumber("101", "1101")).toBe(false);
    expect(sameNumber("*43", "43")).toBe(false);
  });
});

it("long numbers are shown in groups, short ones as they are", () => {
  expect(readable("+4930901820").replaceAll(" ", "")).toBe("+4930901820");
  expect(readable("+12125550123").replaceAll(" ", "")).toBe("+12125550123");
  expect(readable("101")).toBe("101");
});
