import { describe, expect, it } from "vitest";
import nodes from "../../schema/nodes.json";
import type { Flow, NodeType } from "../../src/flow/types.ts";
import { changeWords, valueWords } from "../../src/flow/walk/changes.ts";
import { both, marksOf, placesOf, tally, worthTelling, type FlowChange } from "../../src/flow/walk/difference.ts";
import { namesIn } from "../../src/flow/walk/names.ts";
import { en } from "../../src/text/en/index.ts";
import sample from "./main-menu.json";

const flow = sample.flow as unknown as Flow;
const types = new Map((nodes.nodes as unknown as NodeType[]).map((each) => [each.type, each]));
const names = namesIn(flow, types);
const change = (changes: Partial<FlowChange>): FlowChange => ({
  what: "node",
  change: "changed",
  name: "menu",
  field: "",
  old: undefined,
  new: undefined,
  ...changes,
});
const words = (changes: Partial<FlowChange>) => changeWords(change(changes), names, names, en);

describe("marks", () => {
  it("show the strongest of what has become of a node", () => {
    const marks = marksOf([
      change({ field: "greeting" }),
      change({ change: "moved" }),
      change({ name: "bye", change: "moved" }),
      change({ name: "gone", change: "removed" }),
      change({ what: "wire", name: "menu", field: "1", change: "added" }),
      change({ what: "test", name: "menu" }),
    ]);
    expect(marks.nodes).toEqual({ menu: { tone: "changed" }, bye: { tone: "moved" }, gone: { tone: "removed" } });
    expect(marks.wires).toEqual({ "menu:1": { tone: "added" } });
  });

  it("lie on a document that has what either of the two has, the newer as it is", () => {
    const bye = flow.nodes["bye"];
    const menu = flow.nodes["menu"];
    if (bye === undefined || menu === undefined) throw new Error("the sample has both");
    const old: Flow = { ...flow, nodes: { old: bye, menu: { ...menu, x: 999 } }, wires: { old: { done: "" }, menu: { "0": "old", x: "old" } } };
    const merged = both(old, flow);
    expect(Object.keys(merged.nodes).sort()).toEqual(["old", ...Object.keys(flow.nodes)].sort());
    expect(merged.nodes["menu"]).toEqual(menu);
    expect(merged.wires["menu"]).toEqual({ ...flow.wires["menu"], x: "old" });
    expect(both(undefined, flow)).toBe(flow);
  });

  it("do not tell the wires of a node that is new", () => {
    const changes = [
      change({ name: "shop", change: "added" }),
      change({ what: "wire", name: "shop", field: "busy", change: "added" }),
      change({ what: "wire", name: "menu", field: "2", change: "added" }),
    ];
    expect(worthTelling(changes).map((each) => [each.what, each.name])).toEqual([
      ["node", "shop"],
      ["wire", "menu"],
    ]);
    expect(marksOf(changes).wires).toEqual({ "shop:busy": { tone: "added", label: "" }, "menu:2": { tone: "added" } });
  });

  it("lead to where they are", () => {
    expect(placesOf(change({ what: "wire", name: "menu", field: "1", old: "bye", new: "" }))).toEqual(["menu", "bye"]);
    expect(placesOf(change({ what: "test", name: "menu" }))).toEqual([]);
    expect(tally([change({}), change({ change: "added" }), change({})])).toEqual({ added: 1, removed: 0, changed: 2, moved: 0 });
  });
});

describe("words", () => {
  it("call nodes, exits and parameters what the editor calls them", () => {
    expect(words({ field: "tries", old: 3, new: 5 })).toEqual({
      title: `${types.get("menu")?.parameters.properties?.["tries"]?.title ?? ""} of “${names.node("menu")}”`,
      old: "3",
      new: "5",
    });
    expect(words({ what: "wire", field: "timeout", old: "bye", new: "" })).toEqual({
      title: `“Nothing pressed” of “${names.node("menu")}” leads elsewhere`,
      old: names.node("bye"),
      new: "ends the call",
    });
    expect(words({ what: "wire", change: "added", field: "0", new: "reception" }).title).toContain(names.exit("menu", "0"));
  });

  it("say what is new, gone and moved", () => {
    expect(words({ change: "added", new: { type: "menu" } }).title).toBe(`“${names.node("menu")}” (Menu) is new`);
    expect(words({ change: "moved", old: [0, 0], new: [1, 1] })).toMatchObject({ old: undefined, new: undefined });
    expect(words({ what: "setting", name: "entry", old: "start", new: "menu" })).toEqual({
      title: "Entry of the flow",
      old: names.node("start"),
      new: names.node("menu"),
    });
    expect(words({ field: "prompt", change: "added", old: null, new: "x" }).old).toBe("as usual");
  });

  it("show of a list what is different, in lines", () => {
    const [reception, workshop, again] = [{ keys: "0", name: "Reception" }, { keys: "2", name: "Workshop" }, { keys: "9" }];
    expect(words({ field: "choices", old: [reception, again], new: [reception, workshop, again] })).toMatchObject({ old: "nothing", new: "2 · Workshop" });
    expect(words({ field: "choices", old: [reception, again], new: [again, reception] }).new).toBe("9\n0 · Reception");
    expect(words({ field: "say", old: { text: "Hello" }, new: { prompt: "hi" } })).toMatchObject({ old: "Hello", new: "hi" });
  });

  it("write values for people", () => {
    expect([true, 30, "", ["a", "b"], [], null].map((value) => valueWords(value, value === 30 ? "s" : "", en))).toEqual([
      "on",
      "30 s",
      "nothing",
      "a, b",
      "nothing",
      undefined,
    ]);
  });
});
