import { describe, expect, it } from "vitest";
import type { Flow } from "../../src/flow/types.ts";
import { expectationOf, pathOf, reachedBy, testOf } from "../../src/flow/walk/expectation.ts";
import { callsIn, liveMarks, TRAIL_MS } from "../../src/flow/walk/live.ts";
import { flowsOf, highlightPath, stepsOfEvents, stepsOfLive, stepsOfSimulation } from "../../src/flow/walk/path.ts";
import {
  EMPTY_SCRIPT,
  readRemembered,
  reachName,
  remembered,
  timePicks,
  wallClock,
  withFlag,
  withKeys,
  withReach,
} from "../../src/flow/walk/script.ts";
import { timeline } from "../../src/flow/walk/timeline.ts";
import { busiestWays, trafficMarks } from "../../src/flow/walk/traffic.ts";
import type { Cdr, FlowStep, FlowTraffic, Simulation } from "../../src/schema.gen.ts";
import { at, liveCall } from "../samples.ts";
import sample from "./main-menu.json";

const found = sample.simulation as unknown as Simulation;
const flow = sample.flow as unknown as Flow;
const time = (ms: number) => `${Math.round(ms / 1000)} s`;

type Event = Cdr["events"][number];
const entered = (flow: string, node: string, second: number): Event => ({
  type: "node_entered",
  call: "c",
  at: at(second),
  flow,
  node,
  kind: "menu",
});
const left = (flow: string, node: string, exit: string, second: number): Event => ({
  type: "node_left",
  call: "c",
  at: at(second),
  flow,
  node,
  exit,
  detail: "",
});
const walks = (flow: string, revision: number): Event => ({ type: "flow", call: "c", at: at(0), flow, name: "", revision, test: "" });

describe("a path", () => {
  it("is folded from the events of a call, also where one walk lies within another", () => {
    const steps = stepsOfEvents([
      walks("500", 3),
      entered("500", "ring", 0),
      walks("501", 7),
      entered("501", "ring", 1),
      left("501", "ring", "busy", 2),
      left("500", "ring", "busy", 3),
      entered("500", "late", 4),
    ]);
    expect(steps.map((step) => [step.flow, step.revision, step.node, step.exit])).toEqual([
      ["500", 3, "ring", "busy"],
      ["501", 7, "ring", "busy"],
      ["500", 3, "late", null],
    ]);
    expect(steps.map((step) => step.leftAt)).toEqual([Date.parse(at(3)), Date.parse(at(2)), null]);
    expect(flowsOf(steps).map((step) => [step.flow, step.revision])).toEqual([
      ["500", 3],
      ["501", 7],
    ]);
  });

  it("counts and times what it passes more than once, and ends with the call", () => {
    const steps = stepsOfEvents([
      walks("500", 1),
      entered("500", "menu", 0),
      left("500", "menu", "again", 5),
      entered("500", "menu", 5),
      left("500", "menu", "failed", 7),
      entered("500", "bye", 7),
      entered("501", "other", 8),
    ]);
    const marks = highlightPath(steps, "500", { endedAt: Date.parse(at(10)), time, here: "bye" });
    expect(marks.nodes).toEqual({
      menu: { tone: "failed", count: 2, label: "7 s" },
      bye: { tone: "live", label: "3 s" },
    });
    expect(marks.wires).toEqual({ "menu:again": { tone: "path" }, "menu:failed": { tone: "failed" } });
  });

  it("of a made-up call has the draft's nodes", () => {
    const steps = stepsOfSimulation(found);
    expect(steps.map((step) => step.node)).toEqual(["start", "menu", "away", "menu", "reception"]);
    expect(steps.at(-1)?.leftAt).toBe(found.duration_s * 1000);
    expect(steps.every((step) => step.node in flow.nodes)).toBe(true);
  });
});

describe("a transcript", () => {
  const moments = timeline(found);

  it("tells each thing once, in its order, an answer before what is said to it", () => {
    expect(moments.map((each) => each.what).join(" ")).toBe(
      "enter leave enter heard pressed heard heard pressed heard heard pressed reached leave enter heard leave enter heard pressed leave enter reached end",
    );
    expect(moments.every((each, index) => each.atS >= (moments[index - 1]?.atS ?? 0))).toBe(true);
    const told = moments.filter((each) => each.what === "heard" || each.what === "reached" || each.what === "did").length;
    const pressed = moments.filter((each) => each.what === "pressed");
    expect(told + pressed.length).toBe(found.heard.length + found.deeds.length - 2);
  });

  it("joins keys that are taken one by one, and knows which question they answer", () => {
    const pressed = moments.flatMap((each) => (each.what === "pressed" ? [[each.question, each.keys]] : []));
    expect(pressed).toEqual([
      [0, ""],
      [1, "5"],
      [2, "123"],
      [3, "0"],
    ]);
  });
});

describe("a script", () => {
  it("fills questions that were not answered with nothing, and drops nothing at its end", () => {
    const script = withKeys(EMPTY_SCRIPT, 2, "1");
    expect(script.keys).toEqual(["", "", "1"]);
    expect(withKeys(script, 2, "").keys).toEqual([]);
    expect(withKeys(withKeys(EMPTY_SCRIPT, 0, "9"), 1, "").keys).toEqual(["9"]);
  });

  it("names only whoever does not answer, and switches that are on", () => {
    const busy = withReach(EMPTY_SCRIPT, reachName("extension", "101"), "busy");
    expect(busy.reached).toEqual({ "101": "busy" });
    expect(withReach(busy, "101", "talked").reached).toEqual({});
    expect(reachName("voicemail", "101")).toBe("voicemail 101");
    expect(withFlag(withFlag(EMPTY_SCRIPT, "night", true), "night", false).flags).toEqual({});
  });

  it("is remembered once, newest first, and forgotten when there are too many or it is odd", () => {
    let list = readRemembered(null);
    for (let n = 0; n < 12; n++) list = remembered(list, withKeys(EMPTY_SCRIPT, 0, `${n % 9}`));
    expect(list.map((each) => each.keys[0])).toEqual(["2", "1", "0", "8", "7", "6", "5", "4"]);
    expect(readRemembered(JSON.stringify(list))).toEqual(list);
    expect(readRemembered('[{"caller": 5}, 7, null]')).toEqual([]);
    expect(readRemembered("{")).toEqual([]);
  });

  it("offers times that lie ahead", () => {
    const friday = new Date(2026, 10, 20, 9, 5);
    const picks = Object.fromEntries(timePicks(friday).map((pick) => [pick.id, pick.at]));
    expect(picks).toEqual({
      now: "2026-11-20T09:05:00",
      tonight: "2026-11-20T22:00:00",
      saturday: "2026-11-21T22:00:00",
      sunday: "2026-11-22T12:00:00",
      monday: "2026-11-23T10:00:00",
      christmas: "2026-12-25T12:00:00",
    });
    const saturday = timePicks(new Date(2026, 11, 26, 23, 0));
    expect(saturday.find((pick) => pick.id === "saturday")?.at).toBe("2027-01-02T22:00:00");
    expect(saturday.find((pick) => pick.id === "christmas")?.at).toBe("2027-12-25T12:00:00");
    expect(wallClock(new Date(2026, 0, 2, 3, 4))).toBe("2026-01-02T03:04:00");
  });
});

describe("a test", () => {
  it("expects all that came of the call, as the node compares it", () => {
    expect(pathOf(found)).toEqual(["start:next", "menu:not_reached", "away:done", "menu:0", "reception"]);
    expect(pathOf({ ...found, flow: "501" })[0]).toBe("500/start:next");
    expect(reachedBy(found)).toEqual(["123", "100"]);
    expect(expectationOf(found, { path: false, end: true, reaches: false })).toEqual({
      path: null,
      end: "connected",
      reaches: null,
      hears: [],
      values: {},
    });
  });

  it("has its time written down", () => {
    const test = testOf("Zero", EMPTY_SCRIPT, found, { path: true, end: true, reaches: true });
    expect(test.script.at).toBe("2026-01-05T10:00:00");
  });
});

const step = (node: string, second: number, exit: string | null = null, flow = "500"): FlowStep => ({
  flow,
  revision: 2,
  node,
  kind: "menu",
  at: at(second),
  exit,
  left_at: exit === null ? null : at(second + 1),
  detail: "",
});

describe("live calls", () => {
  const words = { token: (who: string, ms: number) => `${who} ${ms / 1000}` };
  const alice = liveCall({ id: "a", from_name: "Alice", flow_path: [step("start", 0, "next"), step("menu", 1)] });
  const bob = liveCall({ id: "b", from_name: "", from_number: "202", started_at: at(-5), flow_path: [step("menu", 2)] });

  it("are in the flow where they are now, and nowhere else", () => {
    const elsewhere = liveCall({ id: "e", flow_path: [step("menu", 0), step("x", 1, null, "501")] });
    const over = liveCall({ id: "o", flow_path: [step("menu", 0, "")] });
    const ended = liveCall({ id: "d", state: "ended", flow_path: [step("menu", 0)] });
    const calls = callsIn("500", [alice, bob, elsewhere, over, ended, liveCall()]);
    expect(calls.map((call) => [call.id, call.who, call.node])).toEqual([
      ["b", "202", "menu"],
      ["a", "Alice", "menu"],
    ]);
    expect(callsIn("501", [elsewhere]).map((call) => call.node)).toEqual(["x"]);
  });

  it("stand on their nodes, and leave a trail for a moment", () => {
    const now = Date.parse(at(3));
    expect(liveMarks(callsIn("500", [alice]), "500", now, words)).toEqual({
      nodes: { menu: { tone: "live", label: "Alice 2" } },
      wires: { "start:next": { tone: "live" } },
      dim: false,
    });
    expect(liveMarks(callsIn("500", [alice]), "500", now + TRAIL_MS, words).wires).toEqual({});
    const both = liveMarks(callsIn("500", [alice, bob]), "500", now, words, "a");
    expect(both.nodes).toEqual({ start: { tone: "path" }, menu: { tone: "live", count: 2, label: "202, Alice" } });
    expect(both.dim).toBe(true);
  });

  it("read the times of the node", () => {
    expect(stepsOfLive([step("menu", 1, "1")])[0]?.leftAt).toBe(Date.parse(at(2)));
  });
});

describe("traffic", () => {
  const traffic: FlowTraffic = {
    flow: "500",
    revision: null,
    since: at(0),
    calls: 4,
    median_s: 9,
    nodes: [
      { node: "menu", calls: 4, median_s: 6, exits: [{ exit: "1", calls: 3, median_s: 5 }, { exit: "", calls: 1, median_s: 9 }] },
    ],
  };

  it("is a share of the node's calls on its wires", () => {
    const marks = trafficMarks(traffic, { share: (part) => `${part * 100} %`, time: (seconds) => `${seconds} s` });
    expect(marks.nodes).toEqual({ menu: { tone: "path", count: 4, label: "6 s" } });
    expect(marks.wires).toEqual({ "menu:1": { tone: "path", count: 3, label: "75 %" } });
    expect(busiestWays(traffic).map((way) => [way.exit, way.calls, way.share])).toEqual([
      ["1", 3, 0.75],
      ["", 1, 0.25],
    ]);
  });
});
