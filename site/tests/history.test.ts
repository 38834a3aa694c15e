import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { causeWords } from "../src/core/causes.ts";
import { dispositionFrom, historyRow } from "../src/core/history.ts";
import { matchesPhone, phoneRows } from "../src/core/phones.ts";
import { nameLegs, story } from "../src/core/story.ts";
import type { Cdr } from "../src/schema.gen.ts";
import { en } from "../src/text/en/index.ts";
import { at, cdr, extension, liveCall, registration, sound } from "./samples.ts";

type Events = Cdr["events"];

const NOBODY = new Map();
const QUALITY = {
  type: "leg_quality" as const,
  call: "c1",
  at: at(64),
  leg: "b1",
  packets_in: 1000,
  packets_out: 1000,
  lost: 0,
  jitter_ms: 2,
  jitter_max_ms: 4,
  bursts: 0,
  burst_loss: 0,
  gap_loss: 0,
  late: 0,
  discarded: 0,
  codec: "PCMU",
  rtt_ms: null,
  heard: null,
  told: null,
  mos_every_s: 5,
  heard_mos: [],
  told_mos: [],
  remote: "",
  local_port: 0,
  encryption: "",
};
const ANSWERED: Events = [
  { type: "offered", call: "c1", at: at(0), from_number: "101", from_name: "Alice", from_extension: "101", dialled: "102", source: "192.0.2.31:5062", diverted: [], trunk: null },
  { type: "routed", call: "c1", at: at(0), kind: "extension", to: "102", to_name: "Bob", charged_to: null },
  { type: "leg_dialled", call: "c1", at: at(0), leg: "b1", target: "102", extension: "102", trunk: null, charged_to: null },
  { type: "leg_ringing", call: "c1", at: at(0.2), leg: "b1", status: 180, early_media: false },
  { type: "leg_answered", call: "c1", at: at(4), leg: "b1" },
  { type: "leg_answered", call: "c1", at: at(4), leg: "a" },
  { type: "audio_started", call: "c1", at: at(4.1), leg: "a" },
  { type: "audio_silent", call: "c1", at: at(30), leg: "b1", silent_ms: 5000 },
  { type: "audio_back", call: "c1", at: at(36), leg: "b1" },
  { ...QUALITY, packets_in: 9420, packets_out: 9380, lost: 41, jitter_ms: 6.84 },
  { type: "leg_ended", call: "c1", at: at(64), leg: "b1", cause: "normal", status: 0 },
  { type: "ended", call: "c1", at: at(64), cause: "normal", status: 0, by: "b1" },
];

describe("the story of a call", () => {
  test("reads from the offer to the end, in words", () => {
    const steps = story(cdr({ events: ANSWERED }), en);
    expect(steps.map((step) => step.title)).toEqual([
      "Alice dialled 102",
      "Goes to Bob",
      "Calling Bob",
      "Bob rings",
      "Bob answered",
      "Alice is connected",
      "Audio from Alice arrives",
      "No audio from Bob",
      "Audio from Bob is back",
      "Audio from Bob",
      "Call ended",
    ]);
    expect(steps.at(-1)?.detail).toBe("Bob hung up");
    expect(steps.at(-2)?.detail).toBe("9,420 packets, 0.4 % lost, 6.8 ms jitter");
    expect(steps[7]).toMatchObject({ tone: "bad", detail: "for 5 s", offsetMs: 30_000 });
  });

  test("a limit and a call for help are said in words", () => {
    const events: Events = [
      ...ANSWERED.slice(0, 1),
      { type: "called_for_help", call: "c1", at: at(1), number: "112", extension: "101", name: "Alice", location: "Room 2" },
      { type: "limit_near", call: "c1", at: at(2), limit: "office", left_s: 60 },
      { type: "limited", call: "c1", at: at(3), limit: "office", what: "premium", words: "no", number: "1", extension: "101", ended: true },
      { type: "limited", call: "c1", at: at(3), limit: "office", what: "premium", words: "no", number: "1", extension: "101", ended: false },
    ];
    const steps = story(cdr({ events }), en).slice(1);
    expect(steps.map((step) => [step.title, step.detail])).toEqual([
      ["Emergency call to 112", "Room 2"],
      ["Both are warned: the call ends in 1 min", ""],
      ["Ended by a limit", "no"],
      ["Refused by a limit", "no"],
    ]);
  });

  test("a second phone of the same extension has a number", () => {
    const events: Events = [
      ...ANSWERED.slice(0, 3),
      { type: "leg_dialled", call: "c1", at: at(0), leg: "b2", target: "sip:102@192.0.2.8:5060", extension: null, trunk: null, charged_to: null },
    ];
    expect(story(cdr({ events }), en).at(-1)).toMatchObject({ title: "Calling Bob #2", detail: "192.0.2.8:5060" });
  });

  test("how a line sounds is said with what costs most", () => {
    const events: Events = [
      ...ANSWERED.slice(0, 3),
      { type: "audio_one_way", call: "c1", at: at(20), leg: "b1", silent_ms: 10_000 },
      { type: "audio_quality", call: "c1", at: at(30), leg: "b1", direction: "from", sound: sound("poor", "loss", 0.124) },
      { type: "audio_quality", call: "c1", at: at(40), leg: "b1", direction: "from", sound: sound("good") },
      { type: "audio_quality", call: "c1", at: at(50), leg: "b1", direction: "to", sound: sound("fair", "jitter", 0, 61) },
      { ...QUALITY, heard: sound("fair", "delay"), told: sound("good") },
    ];
    const told = story(cdr({ events }), en).slice(3);
    expect(told.map(({ tone, title, detail }) => [tone, title, detail])).toEqual([
      ["bad", "Nothing was heard from Bob while the other side talked", "for 10 s"],
      ["bad", "Bob sounds poor", "12.4 % of the packets lost"],
      ["good", "Bob sounds good", ""],
      ["warn", "What Bob hears is fair", "packets come unevenly, 61 ms jitter"],
      ["warn", "Audio from Bob", "1,000 packets, 0 % lost, 2.0 ms jitter · sounded fair (long delay, MOS 3.8) · heard us good (MOS 4.4)"],
    ]);
  });

  test("an event this site does not know is shown, not dropped", () => {
    const events = [...ANSWERED.slice(0, 1), { type: "teleported", call: "c1", at: at(1) }] as unknown as Events;
    expect(story(cdr({ events }), en).at(-1)?.title).toBe("Event “teleported”");
  });

  test("a call without events has no story", () => {
    expect(story(cdr(), en)).toEqual([]);
  });
});

describe("a row of the history", () => {
  test("a caller from outside whom only a menu or a mailbox answered was missed", () => {
    const missed = { disposition: "answered", missed: true, direction: "inbound", answered_by: null } as const;
    expect(historyRow(cdr(missed), NOBODY, en)).toMatchObject({ tone: "warn", outcome: "Answered", why: "Missed: only the system answered" });
    expect(historyRow(cdr({ ...missed, direction: "internal" }), NOBODY, en)).toMatchObject({ tone: "good", why: "" });
    expect(historyRow(cdr({ ...missed, test: true }), NOBODY, en)).toMatchObject({ tone: "good", why: "" });
  });

  test("an answered call needs no reason", () => {
    expect(historyRow(cdr(), NOBODY, en)).toMatchObject({ outcome: "Answered", tone: "good", why: "", talked: "1 min" });
  });

  test("who declined is named even though lists come without events", () => {
    const row = historyRow(cdr({ disposition: "busy", cause: "declined", answered_at: null, answered_by: null, talk_s: 0 }), NOBODY, en);
    expect(row).toMatchObject({ outcome: "Busy", tone: "warn", why: "Bob declined the call", talked: "" });
  });

  test("a call closed after a restart claims no talk time", () => {
    const row = historyRow(cdr({ interrupted: true, cause: "interrupted" }), NOBODY, en);
    expect(row).toMatchObject({ interrupted: true, talked: "", why: "" });
  });

  test("a running call takes the name from the directory, a finished one only from its record", () => {
    const directory = new Map([["102", extension("102", "Bob Okafor")]]);
    expect(historyRow(cdr({ to_name: "", ended_at: null }), directory, en).to).toBe("Bob Okafor");
    expect(historyRow(cdr({ to_name: "" }), directory, en).to).toBe("102");
  });

  test("every cause of the node has words, and a new one is shown as it came", () => {
    const source = readFileSync(new URL("../../pbx/model/leg_event.py", import.meta.url), "utf8");
    const causes = [...source.matchAll(/^ {4}[A-Z_]+ = "(\w+)"/gm)].map((match) => match[1] ?? "");
    expect(causes.length).toBeGreaterThan(10);
    for (const cause of [...causes, "interrupted"]) expect(en.cause[cause], cause).toBeDefined();
    expect(causeWords("sunspots", "", en)).toBe("Ended: sunspots");
  });

  test("an address cannot invent a disposition", () => {
    expect(dispositionFrom("busy")).toBe("busy");
    expect(dispositionFrom("toString")).toBeUndefined();
  });
});

describe("the phones page", () => {
  const data = {
    seq: 1,
    calls: new Map([["c1", liveCall()]]),
    registrations: new Map([
      ["r1", registration("r1", "101")],
      ["r2", registration("r2", "102", "snom D785")],
    ]),
    states: new Map(),
    conferences: new Map(),
    mailboxes: new Map(),
    queues: new Map(),
    extensions: new Map(
      [extension("1000", "Zoë"), extension("103", "Carol"), extension("102", "Bob"), extension("101", "Alice"), extension("104", "Off", false)].map(
        (each) => [each.number, each],
      ),
    ),
  };

  test("rows are in the order of the numbers and say what each phone is doing", () => {
    expect(phoneRows(data).map((row) => `${row.extension.number} ${row.state}`)).toEqual([
      "101 talking",
      "102 ringing",
      "103 unregistered",
      "104 disabled",
      "1000 unregistered",
    ]);
  });

  test.each([
    ["snom", ["102"]],
    ["zoe", ["1000"]],
    ["10", ["101", "102", "103", "104", "1000"]],
    ["192.0.2.31", ["101", "102"]],
  ])("searching %s finds %s", (query, numbers) => {
    expect(phoneRows(data).filter((row) => matchesPhone(row, query)).map((row) => row.extension.number)).toEqual(numbers);
  });
});

test("who came from another call is no second phone, and is named", () => {
  const events = [
    { type: "offered", call: "c1", at: at(0), from_number: "1", from_name: "", from_extension: null, dialled: "610", source: "" },
    { type: "leg_dialled", call: "c1", at: at(1), leg: "b1", target: "103", extension: "103" },
    { type: "leg_joined", call: "c1", at: at(2), leg: "b2", target: "103", extension: "103", from_call: "c2" },
  ] as unknown as Cdr["events"];
  const nameOf = nameLegs(cdr({ dialled: "610", events }), en, (number) => (number === "103" ? "Carol" : undefined));
  expect([nameOf("b1"), nameOf("b2")]).toEqual(["Carol", "Carol"]);
});
