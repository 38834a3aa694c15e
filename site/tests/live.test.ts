import { describe, expect, test } from "vitest";
import { IDLE, badgeOf, nextLink, type LinkInput, type LinkState } from "../src/core/link.ts";
import { applyMessage, readMessage, touchesHistory, type LiveData } from "../src/core/live.ts";
import type { LiveMessage, LiveSnapshot } from "../src/schema.gen.ts";
import { at, extension, extensionState, liveCall, registration } from "./samples.ts";

const SNAPSHOT: LiveSnapshot = {
  type: "snapshot",
  seq: 10,
  calls: [liveCall()],
  registrations: [registration("r1", "101")],
  extensions: [extension("101", "Alice")],
  extension_states: [extensionState("101")],
  conferences: [],
  mailboxes: [],
  queues: [],
  trunks: [],
  recordings: [],
  flows: [],
  health: [],
  drills: null,
  settings: null,
};

function after(...messages: readonly LiveMessage[]): LiveData | undefined {
  return messages.reduce<LiveData | undefined>(applyMessage, undefined);
}

describe("live data", () => {
  test("nothing is known before the snapshot, not even that there is nothing", () => {
    expect(after({ type: "call", seq: 3, id: "c1", item: liveCall() })).toBeUndefined();
    expect(after({ type: "heartbeat", seq: 3 })).toBeUndefined();
  });

  test("a change replaces one item and leaves the others", () => {
    const data = after(SNAPSHOT, { type: "call", seq: 11, id: "c2", item: liveCall({ id: "c2" }) });
    expect([...(data?.calls.keys() ?? [])]).toEqual(["c1", "c2"]);
    expect(data?.registrations.size).toBe(1);
    expect(data?.seq).toBe(11);
  });

  test("a call is gone when its item is null or says that it ended", () => {
    expect(after(SNAPSHOT, { type: "call", seq: 11, id: "c1", item: null })?.calls.size).toBe(0);
    const ended = liveCall({ state: "ended" });
    expect(after(SNAPSHOT, { type: "call", seq: 11, id: "c1", item: ended })?.calls.size).toBe(0);
  });

  test("who rings and who talks is live too", () => {
    const item = extensionState("101", "ringing");
    const data = after(SNAPSHOT, { type: "extension_state", seq: 11, id: "101", item });
    expect(data?.states.get("101")?.state).toBe("ringing");
    expect(after(SNAPSHOT, { type: "extension_state", seq: 11, id: "101", item: null })?.states.size).toBe(0);
    const box = { number: "101", name: "Alice", new: 2, old: 0, saved: 0, urgent: 0, in_bin: 0, full: false, has_greeting: false, has_name: false };
    expect(after(SNAPSHOT, { type: "mailbox", seq: 11, id: "101", item: box })?.mailboxes.get("101")?.new).toBe(2);
    expect(after(SNAPSHOT, { type: "conference", seq: 11, id: "800", item: null })?.conferences.size).toBe(0);
    expect(readMessage(JSON.stringify({ type: "conference", seq: 11, id: "800", item: null }))).toBeDefined();
  });

  test("what was already seen changes nothing", () => {
    const data = after(SNAPSHOT);
    expect(applyMessage(data, { type: "call", seq: 10, id: "c1", item: null })).toBe(data);
    expect(applyMessage(data, { type: "resumed", seq: 10 })).toBe(data);
  });

  test("a heartbeat does not move the place to resume from: changes may still be on their way", () => {
    expect(after(SNAPSHOT, { type: "heartbeat", seq: 15 })?.seq).toBe(10);
  });

  test("a new snapshot counts even when its numbers are lower, as after a restart of the node", () => {
    const data = after(SNAPSHOT, { ...SNAPSHOT, seq: 2, calls: [] });
    expect(data?.seq).toBe(2);
    expect(data?.calls.size).toBe(0);
  });

  test("the history is asked again when a call begins, is answered or ends, not for every change", () => {
    const data = after(SNAPSHOT);
    const held = { type: "call", seq: 11, id: "c1", item: liveCall({ state: "held" }) } as const;
    expect(touchesHistory(data, held)).toBe(false);
    expect(touchesHistory(data, { ...held, item: liveCall({ answered_at: at(4) }) })).toBe(true);
    expect(touchesHistory(data, { ...held, item: null })).toBe(true);
    expect(touchesHistory(data, { ...held, id: "c9", item: liveCall({ id: "c9" }) })).toBe(true);
  });

  test.each(["", "{", "null", "[]", '{"type":"snapshot"}', '{"type":"new-thing","seq":1}', 7])(
    "a frame that is no message (%s) is left alone",
    (frame) => {
      expect(readMessage(frame)).toBeUndefined();
    },
  );
});

describe("the link to the node", () => {
  const run = (...inputs: readonly LinkInput[]): LinkState => inputs.reduce(nextLink, IDLE);
  const start = { kind: "start" } as const;
  const opened = { kind: "opened", at: 1000 } as const;
  const lost = { kind: "lost", retryAt: 5000 } as const;
  const due = { kind: "due" } as const;

  test("the first try is not a fault yet", () => {
    expect(badgeOf(run(start))).toBe("connecting");
    expect(badgeOf(run(start, lost))).toBe("offline");
  });

  test("a loss keeps when the node was last heard, and counts tries until it is back", () => {
    const state = run(start, opened, { kind: "heard", at: 2000 }, lost, due, lost, due);
    expect(state).toEqual({ phase: "trying", attempt: 2, lastHeardAt: 2000, retryAt: undefined });
    expect(nextLink(state, { kind: "opened", at: 9000 })).toEqual({
      phase: "online",
      attempt: 0,
      lastHeardAt: 9000,
      retryAt: undefined,
    });
  });

  test("late inputs of a stopped line change nothing", () => {
    const stopped = run(start, opened, { kind: "stop" });
    expect(stopped.phase).toBe("idle");
    for (const input of [opened, lost, due, { kind: "heard", at: 3 }] as const) {
      expect(nextLink(stopped, input)).toBe(stopped);
    }
  });
});
