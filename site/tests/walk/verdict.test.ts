import { describe, expect, it } from "vitest";
import nodes from "../../schema/nodes.json";
import type { Flow, NodeType } from "../../src/flow/types.ts";
import { testOf } from "../../src/flow/walk/expectation.ts";
import { namesIn } from "../../src/flow/walk/names.ts";
import { EMPTY_SCRIPT } from "../../src/flow/walk/script.ts";
import { differences } from "../../src/flow/walk/verdict.ts";
import type { FlowExpectation, Simulation } from "../../src/schema.gen.ts";
import { en } from "../../src/text/en/index.ts";
import sample from "./main-menu.json";

const found = sample.simulation as unknown as Simulation;
const flow = sample.flow as unknown as Flow;
const names = namesIn(flow, new Map((nodes.nodes as unknown as NodeType[]).map((each) => [each.type, each])));
const green = testOf("Green", EMPTY_SCRIPT, found, { path: true, end: true, reaches: true });
const path = green.expect.path ?? [];

const red = (expectation: Partial<FlowExpectation>) =>
  differences({ ...green, expect: { ...green.expect, ...expectation } }, found, names, en);
const node = (id: string) => `“${names.node(id)}”`;

describe("a red test", () => {
  it("is none that came out as written", () => {
    expect(red({})).toEqual([]);
    expect(red({ path: path.map((step) => step.split(":")[0] ?? ""), hears: ["did not hear", "not one of"] })).toEqual([]);
  });

  it("says where the call went another way", () => {
    expect(red({ path: [...path.slice(0, 1), "menu:9", ...path.slice(2)] })).toEqual([
      { words: `At ${node("menu")} it goes on by “${names.exit("menu", "not_reached")}”, not by “${names.exit("menu", "9")}”.`, node: "menu" },
    ]);
    expect(red({ path: ["start", "reception"] })[0]?.words).toBe(`The call comes to ${node("menu")}, not to ${node("reception")}.`);
    expect(red({ path: path.slice(0, 2) })[0]).toEqual({
      words: `The call goes on to ${node("away")} (${names.exit("away", "done")}); it was to end before that.`,
      node: "away",
    });
    expect(red({ path: [...path, "501/menu:1"] })[0]).toEqual({ words: "The call ends before “menu” in flow 501.", node: "reception" });
  });

  it("says what else is different", () => {
    const words = red({ end: "hung_up", reaches: ["100"], hears: ["not one of", "did not hear"], values: { pressed: "1" } });
    expect(words.map((each) => each.words)).toEqual([
      "At the end: “Connected: they talk”, not “The flow hangs up”.",
      "It tries 123, 100, not 100.",
      "The caller does not hear “did not hear” after that.",
      "The value pressed is “0”, not “1”.",
    ]);
  });
});
