import { expect, test } from "vitest";
import { actionsOf, base64, localMoment, progressOf } from "../src/core/campaign.ts";
import { readFacts, writeFacts } from "../src/core/facts.ts";
import { touchesEdge } from "../src/core/live.ts";
import { readable } from "../src/core/outside.ts";
import { countSegments } from "../src/core/segments.ts";
import { neighbour, readThreadKey, threadItems, threadKey } from "../src/core/thread.ts";
import { instant } from "../src/core/time.ts";
import type { ConversationNote, TextMessage } from "../src/edge/types.ts";
import { edge as de } from "../src/text/de/edge/index.ts";
import { edge as en } from "../src/text/en/edge/index.ts";

test.each([
  ["", 0, 160],
  ["a".repeat(160), 1, 0],
  ["a".repeat(161), 2, 145],
  ["€".repeat(80), 1, 0], // two units each
  ["é".repeat(160), 1, 0], // in the alphabet
  ["ê".repeat(71), 2, 63], // not in it
  ["🙂".repeat(35), 1, 0],
  ["a".repeat(66) + "🙂" + "a", 1, 1],
  ["a".repeat(66) + "🙂" + "a".repeat(3), 2, 62], // an emoji is not torn apart
])("a text of %j has %i parts and room for %i", (text, segments, left) => {
  expect(countSegments(text)).toMatchObject({ segments, left });
});

test("letters that make a text dear are named once", () => {
  expect(countSegments("“Hi” 🙂🙂").costly).toEqual(["“", "”", "🙂"]);
});

test("numbers are read in groups", () => {
  expect(["+12025550123", "+491512345678", "12345", "+491234567"].map(readable)).toEqual(["+1 202 555 0123", "+49 151 234 5678", "12345", "+49 123 4567"]);
});

const message = (id: string, at: number, direction: "in" | "out" = "in"): TextMessage => ({
  id, at, direction, from: "", to: "", author: direction === "in" ? "them" : "person", actor: "", text: id, state: "received", code: 0, reason: "", segments: 1, campaign: "", media: [],
});
const note = (id: string, at: number): ConversationNote => ({ id, at, actor: "carol", text: id });

test("messages and notes stand in their order, with a line where a day begins", () => {
  const items = threadItems([message("a", 1), message("b", 2), message("c", 1000)], [note("n", 3)], (at) => (at < 100 ? "one" : "two"));
  expect(items.map((item) => (item.kind === "message" ? [item.key, item.follows] : item.key))).toEqual(["day one", ["a", false], ["b", true], "n", "day two", ["c", false]]);
});

test("a conversation is named by both numbers, whatever an address bar made of the plus", () => {
  const pair = { from: "+12025550123", to: "+18335550100" };
  expect(readThreadKey(threadKey(pair))).toEqual(pair);
  expect(readThreadKey("12025550123~18335550100")).toEqual(pair);
  expect([readThreadKey("nonsense"), readThreadKey(undefined), readThreadKey("+1~<script>")]).toEqual([undefined, undefined, undefined]);
});

test("the next and the one before stop at the ends", () => {
  const at = (open: number, step: 1 | -1) => neighbour([1, 2, 3], (each) => each === open, step);
  expect([at(0, 1), at(1, 1), at(3, 1), at(1, -1)]).toEqual([1, 2, 3, 1]);
});

test("facts are read as the edge reads them, and come back the same", () => {
  const text = "Opening hours: Monday to Friday\nand Saturday until noon\nAddress: 1 Main Street";
  expect(readFacts(text)).toEqual([
    { topic: "Opening hours", text: "Monday to Friday and Saturday until noon" },
    { topic: "Address", text: "1 Main Street" },
  ]);
  expect(readFacts(writeFacts(readFacts(text)))).toEqual(readFacts(text));
  expect(writeFacts([{ topic: "Price: list", text: "From\n5 dollars" }, { topic: "Empty", text: " " }])).toBe("Price list: From 5 dollars");
});

const COUNTS = { queued: 1, released: 0, checking: 0, sent: 1, delivered: 4, undelivered: 1, failed: 0, uncertain: 1, opted_out: 2, no_hours: 0, left: 0, cancelled: 0 };

test("the progress accounts for everybody once", () => {
  const { delivered, sent, trouble, skipped, done } = progressOf(COUNTS);
  expect([delivered, sent, trouble, skipped, done]).toEqual([0.4, 0.1, 0.2, 0.2, 9]);
  const nobody = Object.fromEntries(Object.keys(COUNTS).map((state) => [state, 0])) as unknown as typeof COUNTS;
  expect(progressOf(nobody).delivered).toBe(0);
});

test("what may be done with a campaign depends on its state", () => {
  expect((["draft", "scheduled", "running", "paused", "cancelled", "finished"] as const).map((state) => actionsOf({ state }))).toEqual([[], ["pause", "cancel"], ["pause", "cancel"], ["resume", "cancel"], [], []]);
});

test("a moment in the box is the same moment again", () => {
  const at = Date.parse("2026-07-01T12:34:00Z");
  expect(Date.parse(instant(localMoment(at)))).toBe(at);
});

test("a file travels as base64", () => {
  expect(base64(new TextEncoder().encode("Ümlaut"))).toBe("w5xtbGF1dA==");
  expect(atob(base64(new Uint8Array(100_000))).length).toBe(100_000);
});

test("what the edge says is different is asked for again", () => {
  expect(touchesEdge({ type: "conversation", seq: 1, id: "a", item: {} })).toEqual(["edge", "conversations"]);
  expect(touchesEdge({ type: "heartbeat", seq: 1 })).toBeUndefined();
});

function english(one: unknown, other: unknown, path: string): string[] {
  if (typeof one === "string") return one === other && /[a-z]{4}/i.test(one) && !["Name", "Text", "{type}"].includes(one) && !one.startsWith("python") ? [path] : [];
  if (typeof one !== "object" || one === null) return [];
  return Object.entries(one).flatMap(([key, value]) => english(value, (other as Record<string, unknown>)[key], `${path}.${key}`));
}

test("no English is left in the German of the edge's pages", () => {
  const known = [".forms.values.transcription.twilio"];
  expect(english(en, de, "").filter((each) => !known.includes(each))).toEqual([]);
});
