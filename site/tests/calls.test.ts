import { describe, expect, test } from "vitest";
import { busyExtensions, inOrder, viewCall } from "../src/core/calls.ts";
import { en } from "../src/text/en/index.ts";
import type { Sound } from "../src/schema.gen.ts";
import { at, leg, liveCall, sound, talking } from "./samples.ts";

describe("a running call in words", () => {
  test("ringing says where", () => {
    const view = viewCall(liveCall(), en);
    expect(view).toMatchObject({ state: "ringing", summary: "Ringing at 102", trouble: false, answered: false });
    expect(view.since).toBe(Date.parse(at(0)));
  });

  test("several phones of one extension are counted", () => {
    const call = liveCall({ legs: [leg("a", "101", "dialling"), leg("b1", "102", "ringing"), leg("b2", "102", "ringing")] });
    expect(viewCall(call, en).summary).toBe("Ringing at 102 on 2 devices");
  });

  test("the timer of an answered call counts from the answer", () => {
    const view = viewCall(talking(leg("a", "101", "talking", "flowing"), leg("b1", "102", "talking", "flowing")), en);
    expect(view.since).toBe(Date.parse(at(4)));
    expect(view.summary).toBe("Audio flows both ways");
  });

  test("a side that is not heard is the first thing said", () => {
    const view = viewCall(talking(leg("a", "101", "talking", "flowing"), leg("b1", "102", "talking", "silent")), en);
    expect(view).toMatchObject({ summary: "No audio from Bob", trouble: true });
    expect(view.to.audio).toBe("silent");
    expect(view.from.audio).toBe("flowing");
  });

  test("one-way audio is trouble, in plain words", () => {
    const view = viewCall(talking(leg("a", "101", "talking", "flowing"), leg("b1", "102", "talking", "one_way")), en);
    expect(view).toMatchObject({
      summary: "Nothing is heard from Bob: one-way audio, or the phone is muted",
      trouble: true,
    });
    expect(view.to.audio).toBe("oneWay");
  });

  test("a poor line is trouble, a fair one a note, a good one silence", () => {
    const sounding = (heard: Sound | null, told: Sound | null) =>
      viewCall(talking(leg("a", "101", "talking", "flowing", { heard }), leg("b1", "102", "talking", "flowing", { told })), en);
    expect(sounding(sound("poor", "loss", 0.2), null)).toMatchObject({
      summary: "Alice sounds poor: 20.0 % of the packets lost",
      trouble: true,
    });
    expect(sounding(null, sound("fair", "delay"))).toMatchObject({
      summary: "What Bob hears is fair: long delay",
      trouble: false,
    });
    expect(sounding(sound("good"), sound("good"))).toMatchObject({ summary: "Audio flows both ways", trouble: false });
  });

  test("who answers for a menu or a group is named; what was called stays beside it", () => {
    const call = talking(leg("a", "+4930123", "talking", "flowing"), leg("b2", "103", "talking", "flowing", { extension: "103" }));
    const names = new Map([["103", "Carol"]]);
    const view = viewCall({ ...call, dialled: "+4930901820", to_name: "Sales" }, en, (extension) => names.get(extension));
    expect(view.to).toMatchObject({ name: "Carol", number: "103 · Sales" });
    expect(viewCall({ ...call, dialled: "103", to_name: "Carol" }, en).to).toMatchObject({ name: "Carol", number: "103" });
    expect(viewCall({ ...call, dialled: "610", to_name: "Sales" }, en).to).toMatchObject({ name: "103", number: "Sales" });
  });

  test("a parked call waits in its slot", () => {
    const view = viewCall(liveCall({ state: "talking", answered_at: at(4), parked: "3", to_name: "Sales", legs: [leg("a", "101", "talking", "flowing")] }), en);
    expect(view).toMatchObject({ state: "parked", stateWords: "Parked", trouble: false });
    expect(view.to).toMatchObject({ name: "Parking slot 3", number: "Sales" });
  });

  test("hold is not trouble", () => {
    const call = liveCall({
      state: "held",
      answered_at: at(4),
      legs: [leg("a", "101", "held", "silent"), leg("b1", "102", "talking", "flowing")],
    });
    expect(viewCall(call, en)).toMatchObject({ summary: "Alice has the call on hold", trouble: false });
  });

  test("a feature is called by what it does and has one leg", () => {
    const call = liveCall({ dialled: "*43", to_name: "", state: "talking", answered_at: at(0), legs: [leg("a", "101", "talking", "flowing")] });
    const view = viewCall(call, en);
    expect(view.to.name).toBe("Echo test");
    expect(view.summary).toBe("Audio from Alice");
  });

  test("a state this site does not know reads as routing, it does not break", () => {
    expect(viewCall(liveCall({ state: "levitating" }), en).state).toBe("routing");
  });
});

test("calls keep their place: the longest running first", () => {
  const calls = [liveCall({ id: "b", started_at: at(5) }), liveCall({ id: "a", started_at: at(1) })];
  expect(inOrder(calls).map((call) => call.id)).toEqual(["a", "b"]);
});

test("a caller is on a call, the phone that rings is ringing, and talking wins", () => {
  const busy = busyExtensions([
    liveCall(),
    liveCall({ id: "c2", from_number: "102", legs: [leg("a", "102", "talking"), leg("b1", "sip:103@192.0.2.9", "ringing")] }),
  ]);
  expect(Object.fromEntries(busy)).toEqual({ 101: "talking", 102: "talking", 103: "ringing" });
});
