import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { writable } from "../record-schemas.ts";
import { faultFrom, faultWords, faultsByField } from "../src/core/problem.ts";
import { readQr } from "../src/core/qr.ts";
import { faultsOf, fieldsOf, initialValues, toRecord, type Schemas } from "../src/core/schema.ts";
import { setupToken } from "../src/core/setup.ts";
import { numberParam, textParam } from "../src/core/address.ts";
import { en } from "../src/text/en/index.ts";

const DOCUMENT = JSON.parse(readFileSync(new URL("../schema/openapi.json", import.meta.url), "utf8")) as {
  readonly components: { readonly schemas: Schemas };
};
const SCHEMAS = writable(DOCUMENT.components.schemas) as Schemas;
const FIELDS = fieldsOf(SCHEMAS, "ExtensionWrite", en);

describe("forms from the schema", () => {
  test("only what can be written is carried into the site", () => {
    expect(Object.keys(SCHEMAS)).toContain("ExtensionWrite");
    expect(Object.keys(SCHEMAS)).not.toContain("Cdr");
  });

  test("the fields of an extension are those of the node, in its order", () => {
    expect(FIELDS.map((field) => `${field.name}:${field.kind}`)).toEqual([
      "number:text",
      "name:text",
      "enabled:boolean",
      "ring_timeout_s:integer",
      "do_not_disturb:boolean",
      "call_waiting:boolean",
      "mailbox:text",
      "pickup_group:text",
      "outside_number:text",
      "record_keep_days:integer",
      "location:text",
      "sip_password:password",
    ]);
    expect(FIELDS[3]).toMatchObject({ unit: "seconds", initial: "30", minimum: 5, maximum: 300 });
  });

  test("all faults are found at once", () => {
    const values = { ...initialValues(FIELDS), number: "1a", name: " ", ring_timeout_s: "4", sip_password: "short" };
    expect(faultsOf(FIELDS, values, en)).toEqual({
      number: "What people dial: 2 to 10 digits.",
      name: "This is needed.",
      ring_timeout_s: "5 or more.",
      sip_password: "At least 8 characters.",
    });
  });

  test.each(["101\n", "1", "12345678901", "１０１"])("the number %j is refused, as the node would", (number) => {
    // A line break at the end cannot be typed, but pasted; it is trimmed and then right.
    const faults = faultsOf(FIELDS, { ...initialValues(FIELDS), number, name: "x" }, en);
    expect(faults["number"] === undefined).toBe(number === "101\n");
  });

  test("a record leaves out what was left empty, and counts numbers as numbers", () => {
    const values = { ...initialValues(FIELDS), number: " 104 ", name: "Dora", sip_password: "" };
    expect(toRecord(FIELDS, values)).toEqual({ call_waiting: true, do_not_disturb: false, number: "104", name: "Dora", enabled: true, ring_timeout_s: 30 });
  });

  test("$ref, null beside a type, and a pattern no browser reads are taken as they come", () => {
    const schemas: Schemas = {
      Word: { type: "string", pattern: "^(?P<x>a)$", title: "Word" },
      ThingWrite: { properties: { a: { $ref: "#/components/schemas/Word", title: "Mine" }, b: { type: ["integer", "null"] }, c: { type: "object" } } },
    };
    const fields = fieldsOf(schemas, "ThingWrite", en);
    expect(fields.map((field) => [field.name, field.label, field.kind, field.nullable])).toEqual([
      ["a", "Mine", "text", false],
      ["b", "b", "integer", true],
    ]);
    expect(fields[0]?.pattern).toBeUndefined();
  });
});

describe("problems in words", () => {
  test("an RFC 9457 body gives the sentence and the fields", () => {
    const fault = faultFrom(
      409,
      { type: "urn:bellwire:problem:conflict", title: "Conflict", detail: "101 is taken.", errors: [{ path: "$.number", message: "taken" }] },
      null,
    );
    expect(fault.slug).toBe("conflict");
    expect(faultWords(fault, en)).toBe("101 is taken.");
    expect(faultsByField(fault)).toEqual({ number: "taken" });
  });

  test.each([
    [0, undefined, null, en.problem.unreachable],
    [429, {}, "7", "Too many attempts. Wait 7 s and try again."],
    [503, "<html>", null, en.problem.serverFault],
    [418, null, null, "The node refused this (418)."],
  ])("%i without a useful body still says something", (status, body, retryAfter, words) => {
    expect(faultWords(faultFrom(status, body, retryAfter), en)).toBe(words);
  });

  test("an exception of the site itself is not passed off as the node's", () => {
    expect(faultWords(new TypeError("x is undefined"), en)).toBe(en.problem.unexpected);
  });
});

describe("small readers", () => {
  test.each([
    ["#token=abc", "", "abc"],
    ["#abc", "", "abc"],
    ["", "?token=abc", "abc"],
    ["", "", ""],
    ["#token=", "?token=no", ""],
  ])("the set-up token of %j %j is %j", (hash, search, token) => {
    expect(setupToken(hash, search)).toBe(token);
  });

  test("search parameters are checked", () => {
    expect(textParam({ q: 101 }, "q")).toEqual({ q: "101" });
    expect(textParam({ q: { a: 1 } }, "q")).toEqual({});
    expect(numberParam({ page: "3" }, "page", 2, 99)).toEqual({ page: 3 });
    expect(numberParam({ page: "1e9" }, "page", 2, 99)).toEqual({});
  });

  test("only the drawing of a QR code is taken from its SVG", () => {
    expect(readQr('<svg viewBox="0 0 29 29" class="s"><path class="q" stroke="#000" d="M2 2.5h7m1 0h1"/></svg>')).toEqual({
      width: 29,
      height: 29,
      path: "M2 2.5h7m1 0h1",
      transform: "",
    });
    expect(readQr('<svg viewBox="0 0 9 9"><path d="M0 0\' onload=x"/><script/></svg>')).toBeUndefined();
  });
});
