import { describe, expect, it } from "vitest";
import { flowPaths, legQualities, legTree } from "../src/core/callParts.ts";
import { ladderOf, rungWords } from "../src/core/ladder.ts";
import type { Cdr, CdrLeg, SipMessage } from "../src/schema.gen.ts";

const AT = "2026-11-20T09:00:00Z";
const leg = (name: string, rungFor: string): CdrLeg => ({
  leg: name,
  party: name,
  extension: null,
  rung_for: rungFor,
  from_call: null,
  to_call: null,
  started_at: AT,
  answered_at: null,
  ended_at: null,
  cause: "",
});
const events = (...made: readonly Readonly<Record<string, unknown>>[]) =>
  made.map((each) => ({ call: "c", at: AT, ...each })) as unknown as Cdr["events"];

describe("the tree of legs", () => {
  it("stands each leg below the one it was rung for", () => {
    const [top, ...others] = legTree([leg("a", ""), leg("b1", "a"), leg("b2", "a"), leg("b3", "b1")]);
    expect(others).toEqual([]);
    expect(top?.rung.map((each) => each.leg.leg)).toEqual(["b1", "b2"]);
    expect(top?.rung[0]?.rung.map((each) => each.leg.leg)).toEqual(["b3"]);
  });

  it("loses no leg, and does not go round in circles", () => {
    expect(legTree([leg("b1", "gone")]).map((each) => each.leg.leg)).toEqual(["b1"]);
    expect(legTree([leg("a", ""), leg("b", "b")]).map((each) => each.leg.leg)).toEqual(["a"]);
  });
});

it("tells the way through flows, with the exit each node was left by", () => {
  const [first, second] = flowPaths(
    events(
      { type: "flow", flow: "600", name: "Main", revision: 3 },
      { type: "node_entered", flow: "600", node: "menu", kind: "menu" },
      { type: "node_left", flow: "600", node: "menu", exit: "timeout", detail: "" },
      { type: "node_entered", flow: "600", node: "menu", kind: "menu" },
      { type: "node_left", flow: "600", node: "menu", exit: "1", detail: "pressed 1" },
      { type: "flow", flow: "601", name: "Sales", revision: 1 },
      { type: "node_entered", flow: "601", node: "queue", kind: "queue" },
    ),
  );
  expect(first?.steps.map((step) => [step.node, step.exit])).toEqual([["menu", "timeout"], ["menu", "1"]]);
  expect(second?.steps.map((step) => [step.node, step.exit])).toEqual([["queue", ""]]);
});

it("takes the last verdict on a leg", () => {
  const found = legQualities(
    events({ type: "leg_quality", leg: "a", lost: 1 }, { type: "leg_quality", leg: "b1", lost: 2 }, { type: "leg_quality", leg: "a", lost: 3 }),
  );
  expect(found.map((each) => [each.leg, each.lost])).toEqual([["a", 3], ["b1", 2]]);
});

describe("the ladder", () => {
  const message = (source: string, destination: string, status: number | null, summary: string) =>
    ({ source, destination, status, method: "INVITE", summary }) as SipMessage;

  it("draws arrows between the columns of their addresses", () => {
    const rungs = ladderOf(["A", "B"], [message("A", "B", null, "INVITE sip:b"), message("B", "A", 486, "486 Busy Here (INVITE)")]);
    expect(rungs.map(({ from, to, tone }) => [from, to, tone])).toEqual([[0, 1, "request"], [1, 0, "failure"]]);
  });

  it("says little on an arrow", () => {
    expect(rungWords(message("A", "B", null, "INVITE sip:b@c"))).toBe("INVITE");
    expect(rungWords(message("A", "B", 200, "200 OK (INVITE)"))).toBe("200 OK");
  });
});
