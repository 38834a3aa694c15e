/** Pages of records: weeks of hours, lists, who names whom, two people who change the same, what rings. */
import nodes from "../schema/nodes.json";
import openapi from "../schema/openapi.json";
import { describe, expect, test } from "vitest";
import { DAYS, minutesOf, openingsOf, readSpans, removed, spansText, weekOf, type Opening } from "../src/core/week.ts";
import { whatRings } from "../src/core/rings.ts";
import type { Data, Schemas } from "../src/forms/json.ts";
import { followed, slug } from "../src/forms/values.ts";
import { KINDS, kindNamed } from "../src/office/kinds.ts";
import { arranged, nextSort, type Cell } from "../src/records/arrange.ts";
import { differences, resolved, suggestion } from "../src/records/conflict.ts";
import { references, usersOf, type NodeForm } from "../src/records/references.ts";
import type { Extension } from "../src/schema.gen.ts";
import { de } from "../src/text/de/index.ts";
import { en } from "../src/text/en/index.ts";

const schemas = openapi.components.schemas as unknown as Schemas;

describe("a week of hours", () => {
  test("days with the same hours share an opening, and come back as they were", () => {
    const openings: Opening[] = [
      { days: ["mon", "tue"], start: "09:00", end: "12:00" },
      { days: ["mon"], start: "13:00", end: "17:00" },
      { days: ["fri"], start: "22:00", end: "02:00" },
    ];
    expect(openingsOf(weekOf(openings))).toEqual(openings);
  });

  test("hours that end at or before their start go on past midnight", () => {
    expect(weekOf([{ days: ["sat"], start: "22:00", end: "02:00" }]).sat).toEqual([{ from: 1320, to: 1560 }]);
    expect(weekOf([{ days: ["sun"], start: "00:00", end: "00:00" }]).sun).toEqual([{ from: 0, to: 1440 }]);
  });

  test.each([
    ["9-12, 13:30 – 17", "09:00–12:00, 13:30–17:00"],
    ["0-24", "00:00–24:00"],
    ["22 bis 2", "22:00–02:00"],
    ["13-17, 9-12, 11-14", "09:00–17:00"],
    ["", ""],
  ])("%s is read as %s", (typed, shown) => {
    expect(spansText(readSpans(typed) ?? [])).toBe(shown);
  });

  test.each(["nine to five", "25-26", "9", "9-12-15", "9:70-10"])("%s is no list of hours", (typed) => {
    expect(readSpans(typed)).toBeUndefined();
  });

  test("every text of hours that is shown is read as the same hours", () => {
    for (let from = 0; from < 1440; from += 35) {
      for (const to of [from + 5, from + 600, from + 1440]) {
        const span = { from, to };
        expect(readSpans(spansText([span])), `${from} ${to}`).toEqual([span]);
      }
    }
  });

  test("closing in the middle leaves both ends", () => {
    expect(removed([{ from: 540, to: 1020 }], { from: 720, to: 780 })).toEqual([{ from: 540, to: 720 }, { from: 780, to: 1020 }]);
  });

  test("a clock is no more than a day", () => {
    expect([minutesOf("24:00"), minutesOf("24:01"), minutesOf("7")]).toEqual([1440, undefined, 420]);
    expect(DAYS).toHaveLength(7);
  });
});

describe("lists", () => {
  const rows = [
    { name: "Room 10", n: 101 },
    { name: "Röom 2", n: 99 },
    { name: "Hall", n: 1 },
  ];
  const cell = (row: { name: string; n: number }, column: string): Cell => (column === "n" ? row.n : row.name);
  const list = (wanted: Partial<{ q: string; sort: string; page: number; perPage: number }>) =>
    arranged(rows, { q: "", sort: "", page: 1, perPage: 10, ...wanted }, cell, (row) => row.name);

  test("numbers are sorted by value, also inside of texts, and the other way round", () => {
    expect(list({ sort: "n" }).shown.map((row) => row.n)).toEqual([1, 99, 101]);
    expect(list({ sort: "-name" }).shown.map((row) => row.name)).toEqual(["Röom 2", "Room 10", "Hall"].sort((a, b) => b.localeCompare(a, undefined, { numeric: true })));
  });

  test("accents do not matter to the search, and a page that is not there is the last", () => {
    expect(list({ q: "room" }).found).toBe(2);
    expect(list({ perPage: 2, page: 9 })).toMatchObject({ page: 2, pages: 2, found: 3, shown: [rows[2]] });
  });

  test("a column goes up, down, and back to the order of the node", () => {
    expect([nextSort("", "name"), nextSort("name", "name"), nextSort("-name", "name"), nextSort("n", "name")]).toEqual(["name", "-name", "", "name"]);
  });
});

describe("who names whom", () => {
  const queue: Data = { number: "600", name: "Support", agents: [{ extension: "101" }], overflow: "500", call_back_as: null };
  const flow: Data = { number: "700", name: "Day", nodes: { q: { type: "queue", parameters: { queue: "600" } }, m: { type: "menu", parameters: { say: { prompt: "hello" } } } } };
  const office = new Map([
    [kindNamed("queue"), [queue]],
    [kindNamed("flow"), [flow]],
  ]);
  const users = (kind: string, key: string) =>
    usersOf(office, schemas, nodes.nodes as unknown as readonly NodeForm[], kindNamed(kind), key).map((each) => `${each.kind.name} ${each.key}`);

  test("references are found in lists, in options and by number", () => {
    expect(references(schemas["Queue"] ?? {}, schemas, queue)).toEqual([
      { kind: "extension", key: "101", path: "$.agents[0].extension" },
      { kind: "", key: "500", path: "$.overflow" },
    ]);
  });

  test("flows name records by their nodes", () => {
    expect(users("queue", "600")).toEqual(["flow 700"]);
    expect(users("prompt", "hello")).toEqual(["flow 700"]);
    expect(users("extension", "101")).toEqual(["queue 600"]);
    expect(users("ring_group", "500")).toEqual(["queue 600"]);
    // A trunk has no number: a destination never means it.
    expect(users("trunk", "500")).toEqual([]);
  });
});

describe("two people change the same", () => {
  const base = { name: "A", ring: 20, all: true };
  const mine = { name: "B", ring: 20, all: true, password: "new" };
  const theirs = { name: "C", ring: 30, all: true };
  const found = differences(["name", "ring", "all", "password"], base, mine, theirs);

  test("each difference says who made it", () => {
    expect(found.map((each) => [each.field, each.changedBy])).toEqual([["name", "both"], ["ring", "theirs"], ["password", "mine"]]);
  });

  test("what only one changed is taken, what both changed is mine until I choose", () => {
    expect(suggestion(found)).toEqual({ name: "mine", ring: "theirs", password: "mine" });
    expect(resolved(mine, theirs, suggestion(found))).toEqual({ name: "B", ring: 30, all: true, password: "new" });
    expect(resolved(mine, theirs, { ...suggestion(found), name: "theirs" })).toMatchObject({ name: "C" });
  });
});

describe("names", () => {
  test.each([
    ["Main trunk (Köln)", "main-trunk-koeln"],
    ["  --  ", ""],
    ["É".repeat(50), "e".repeat(40)],
  ])("the short name of %s is %s", (name, short) => {
    expect(slug(name)).toBe(short);
  });

  test("a short name follows the name until somebody writes another", () => {
    expect(followed({ name: "Ma", id: "ma" }, { name: "Main", id: "ma" })).toEqual({ name: "Main", id: "main" });
    expect(followed({ name: "Ma", id: "own" }, { name: "Main", id: "own" })).toEqual({ name: "Main", id: "own" });
    expect(followed({ name: "Ma", id: "ma" }, { name: "Ma", id: "mb" })).toEqual({ name: "Ma", id: "mb" });
  });
});

describe("what rings", () => {
  const extension = {
    enabled: true,
    do_not_disturb: false,
    ring_timeout_s: 20,
    mailbox: "101",
    forward: { always: null, busy: null, no_answer: null, unreachable: null },
    follow_me: { enabled: false, strategy: "in_order", own_phones: true, confirm: true, caller_hears: "ringback", numbers: [] },
  } as unknown as Extension;

  test("the phones, then the mailbox", () => {
    expect(whatRings(extension, 2, en)).toEqual(["2 registered devices ring for 20 s.", "Not answered: mailbox 101."]);
  });

  test("nothing, when it is off, forwarded or not to be disturbed", () => {
    expect(whatRings({ ...extension, enabled: false }, 1, en)).toEqual([en.records.phone.disabled]);
    expect(whatRings({ ...extension, forward: { ...extension.forward, always: "102" } }, 1, en)).toEqual(["The call goes to 102 at once."]);
    expect(whatRings({ ...extension, do_not_disturb: true }, 1, en)[0]).toBe(en.records.phone.dnd);
  });
});

describe("words", () => {
  test("every kind has words in both languages, and German has all values and sections of English", () => {
    for (const kind of KINDS) {
      expect(en.records.kinds[kind.name], kind.name).toBeDefined();
      expect(de.records.kinds[kind.name], kind.name).toBeDefined();
    }
    expect(Object.keys(de.records.values).sort()).toEqual(Object.keys(en.records.values).sort());
    expect(Object.keys(de.records.sections).sort()).toEqual(Object.keys(en.records.sections).sort());
    expect(Object.keys(de.records.columns).sort()).toEqual(Object.keys(en.records.columns).sort());
  });

  test("every label of a record's own fields has a German one", () => {
    const missing = KINDS.filter((kind) => !["flow", "webhook"].includes(kind.name)).flatMap((kind) =>
      Object.values(schemas[kind.write]?.properties ?? {}).flatMap((property) => {
        const title = property.title ?? property.anyOf?.[0]?.title;
        return title === undefined || title in de.records.schema ? [] : [title];
      }),
    );
    expect(missing).toEqual([]);
  });
});
