import { describe, expect, test } from "vitest";
import * as commands from "../src/flow/commands.ts";
import { exitsOf, exitsOfNode } from "../src/flow/exits.ts";
import { after, before, inOrder, reachable, targetOf, wiresOf } from "../src/flow/graph.ts";
import { apply, begin, BURST_MS, redo, settle, undo, type History } from "../src/flow/history.ts";
import { freeId, NODE_ID } from "../src/flow/naming.ts";
import { copy, emptyFlow, formatClip, formatFlow, MOST_NODES, parseClip, parseFlow, paste, readFlow } from "../src/flow/transfer.ts";
import { END, readWireKey, wireKey, type Flow } from "../src/flow/types.ts";
import { anyEdit, anyFlow, random, template, TYPES, typeNamed } from "./flow-parts.ts";

const names = (type: string, parameters: Readonly<Record<string, unknown>>) =>
  exitsOf(typeNamed(type), parameters).map((exit) => exit.name);
const SEEDS = Array.from({ length: 40 }, (_, seed) => seed + 1);

describe("exits", () => {
  test("each choice of a menu is one, in its order, with its keys and its name as the title", () => {
    const choices = [{ keys: "1", name: "Sales" }, { keys: "0" }];
    expect(names("menu", { choices })).toEqual(["1", "0", "timeout", "invalid", "failed"]);
    expect(exitsOf(typeNamed("menu"), { choices })[0]?.title).toBe("1 Sales");
  });

  test("some are there only with a parameter, or only without one", () => {
    expect(names("menu", { direct_dial: true })).toContain("not_reached");
    expect(names("menu", {})).not.toContain("not_reached");
    expect(names("transfer", { destination: "1", blind: true })).toEqual(["failed"]);
    expect(names("transfer", { destination: "1" })).toEqual(["no_answer", "busy", "unreachable", "failed"]);
    expect(names("inbound_number", { numbers: [] })).not.toContain("other");
    expect(names("inbound_number", { numbers: ["+49*"] })).toContain("other");
    // On by default: as if it were written there.
    expect(names("receptionist", {})).toContain("not_reached");
    expect(names("receptionist", { people: false })).not.toContain("not_reached");
  });

  test("a time switch has its rules, its switches, and the rest", () => {
    const parameters = { rules: [{ exit: "open" }], overrides: [{ flag: "night", exit: "closed" }], holiday_exit: true };
    expect(names("time_switch", parameters)).toEqual(["open", "closed", "holiday", "otherwise", "failed"]);
  });

  test("numbers name exits too", () => {
    expect(names("webhook", { url: "https://a.example", statuses: [{ status: 404 }] })).toContain("404");
  });

  test("what is no list, and elements that are no objects, are no exits", () => {
    expect(names("menu", { choices: "1" })).toEqual(["timeout", "invalid", "failed"]);
    expect(names("menu", { choices: [null, 3] })).toEqual(["", "", "timeout", "invalid", "failed"]);
  });
});

describe("the graph", () => {
  const flow = template("main-menu");
  const exits = (id: string) => exitsOfNode(TYPES, flow.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 });

  test("where calls go on, and where they come from", () => {
    expect(after(flow, "menu", exits("menu"))).toEqual(["reception", "menu", "away", "bye"]);
    expect(before(flow, "away")).toEqual(["menu", "reception"]);
    expect(targetOf(flow, "bye", "done")).toBe(END);
    expect(targetOf(flow, "bye", "constructor")).toBeUndefined();
  });

  test("nodes in the order in which calls meet them", () => {
    expect(inOrder(flow, exits)).toEqual(["start", "menu", "reception", "away", "bye"]);
  });

  test("what no call can come to", () => {
    const alone = commands.addNode(flow, typeNamed("hang_up"), { x: 0, y: 0 });
    expect(reachable(alone, alone.entry).has("hang-up")).toBe(false);
    expect(reachable(alone, alone.entry).size).toBe(5);
    expect(inOrder(alone, exits).at(-1)).toBe("hang-up");
  });

  test("a wire's key reads back, whatever the exit is called", () => {
    expect(readWireKey(wireKey("menu", "a:b"))).toEqual({ node: "menu", exit: "a:b" });
  });
});

describe("commands", () => {
  const menu = (flow: Flow, choices: readonly unknown[]) => commands.setParameters(flow, TYPES, "menu", { ...flow.nodes["menu"]?.parameters, choices });

  test("the first start node is the entry, and a first node of any other type as well", () => {
    const first = commands.addNode(emptyFlow("500", "A"), typeNamed("menu"), { x: 1.4, y: 2.6 });
    expect(first.entry).toBe("menu");
    expect(first.nodes["menu"]).toMatchObject({ x: 1, y: 3 });
    expect(commands.addNode(first, typeNamed("inbound_number"), { x: 0, y: 0 }).entry).toBe("menu");
  });

  test("a node in the middle of a wire goes on to where the wire led", () => {
    const flow = commands.insertNode(template("main-menu"), typeNamed("play"), { x: 0, y: 0 }, "start:next");
    expect(targetOf(flow, "start", "next")).toBe("play");
    expect(targetOf(flow, "play", "done")).toBe("menu");
  });

  test("what ends calls can be put into a wire too: it goes on to nowhere", () => {
    const flow = commands.insertNode(template("main-menu"), typeNamed("hang_up"), { x: 0, y: 0 }, "start:next");
    expect(targetOf(flow, "start", "next")).toBe("hang-up");
    expect(flow.wires["hang-up"]).toBeUndefined();
  });

  test("a choice with another key keeps its wire", () => {
    const flow = menu(template("main-menu"), [{ keys: "5", name: "Reception" }, { keys: "9", name: "Again" }]);
    expect(flow.wires["menu"]).toMatchObject({ "5": "reception", "9": "menu" });
    expect(targetOf(flow, "menu", "0")).toBeUndefined();
  });

  test("a choice that is gone takes its wire with it, the others keep theirs", () => {
    const flow = menu(template("main-menu"), [{ keys: "9", name: "Again" }]);
    expect(targetOf(flow, "menu", "0")).toBeUndefined();
    expect(targetOf(flow, "menu", "9")).toBe("menu");
  });

  test("choices in another order keep their wires", () => {
    const flow = menu(template("main-menu"), [{ keys: "9" }, { keys: "0" }]);
    expect(flow.wires).toEqual(template("main-menu").wires);
  });

  test("typing a key that is another's for a moment loses no wire", () => {
    const start = begin(template("main-menu"));
    const typed = ["", "9", "91"].reduce<History>(
      (history, keys, index) => apply(history, { what: "Keys", burst: "menu", at: index, edit: (flow) => menu(flow, [{ keys }, { keys: "9" }]) }),
      start,
    );
    expect(typed.present.wires["menu"]).toMatchObject({ "91": "reception", "9": "menu" });
    expect(typed.past).toHaveLength(1);
  });

  test("removing a node removes the wires to it, and it is no longer the entry", () => {
    const flow = commands.remove(template("main-menu"), { nodes: ["menu", "start"] });
    expect(flow.entry).toBeNull();
    expect(wiresOf(flow).map((wire) => wire.key)).not.toContain("away:done");
    expect(Object.keys(flow.wires)).toEqual(["reception", "bye"]);
  });

  test("what changes nothing is the very same flow", () => {
    const flow = template("main-menu");
    const bye = flow.nodes["bye"] ?? { x: 0, y: 0, parameters: {} };
    expect(commands.move(flow, { bye: { x: bye.x, y: bye.y } })).toBe(flow);
    expect(commands.wire(flow, { node: "bye", exit: "done" }, END)).toBe(flow);
    expect(commands.wire(flow, { node: "bye", exit: "done" }, "nobody")).toBe(flow);
    expect(commands.unwire(flow, ["bye:failed"])).toBe(flow);
    expect(commands.setParameters(flow, TYPES, "bye", { ...bye.parameters })).toBe(flow);
    expect(commands.remove(flow, { nodes: ["nobody"], notes: [7] })).toBe(flow);
    expect(commands.setEntry(flow, "start")).toBe(flow);
    expect(commands.replaceWith(flow, { ...flow })).toBe(flow);
  });

  test("names that objects have by themselves are names like any other", () => {
    expect(freeId("constructor", (id) => id === "constructor")).toBe("constructor-2");
    const flow = template("main-menu");
    expect(commands.rename(flow, "constructor", "A")).toBe(flow);
    expect(commands.wire(flow, { node: "constructor", exit: "a" }, END)).toBe(flow);
  });

  test.each(["Größe  XL!", "---", "日本", "a".repeat(60), "Menu", "x_"])("%s becomes a name that the node takes", (words) => {
    const first = freeId(words, () => false);
    expect(first).toMatch(NODE_ID);
    expect(freeId(words, (id) => id === first)).toMatch(NODE_ID);
  });
});

describe("undo and redo", () => {
  test.each(SEEDS)("undoing everything leads back to the start, redoing to the end (seed %i)", (seed) => {
    const next = random(seed);
    const start = begin(template("main-menu"));
    let history = start;
    const seen: Flow[] = [start.present];
    for (let count = 0; count < 60; count++) {
      const edit = anyEdit(history.present, next);
      const frozen = edit(history.present);
      history = apply(history, { what: "edit", edit: () => frozen, at: count });
      if (history.present !== seen.at(-1)) seen.push(history.present);
    }
    const end = history.present;
    expect(history.past).toHaveLength(seen.length - 1);
    for (const flow of seen.toReversed().slice(1)) {
      history = undo(history);
      expect(history.present).toBe(flow);
    }
    expect(undo(history)).toBe(history);
    expect(history.present).toEqual(template("main-menu"));
    for (let steps = history.future.length; steps > 0; steps--) history = redo(history);
    expect(history.present).toBe(end);
    expect(redo(history)).toBe(history);
  });

  const rename = (name: string, at: number) => ({ what: "Name", burst: "name:bye", at, edit: (flow: Flow) => commands.rename(flow, "bye", name) });
  const start = begin(template("main-menu"));

  test("typing is one step, and a pause ends it", () => {
    const typed = apply(apply(start, rename("T", 0)), rename("Th", 200));
    expect(typed.past).toHaveLength(1);
    expect(undo(typed).present).toBe(start.present);
    expect(apply(typed, rename("Tha", 200 + BURST_MS)).past).toHaveLength(2);
    expect(apply(settle(typed), rename("Tha", 300)).past).toHaveLength(2);
  });

  test("typing back to what was there leaves no step behind", () => {
    const back = apply(apply(start, rename("T", 0)), rename("Goodbye", 200));
    expect(back.present).toBe(start.present);
    expect(back.past).toHaveLength(0);
  });

  test("a new step after undoing takes the place of what was undone", () => {
    const undone = undo(apply(start, rename("T", 0)));
    const other = apply(undone, rename("Other", 100));
    expect(other.future).toHaveLength(0);
    expect(redo(other)).toBe(other);
  });
});

describe("documents", () => {
  test.each(SEEDS)("a document that is written reads back as it was (seed %i)", (seed) => {
    const flow = anyFlow(seed);
    expect(parseFlow(formatFlow(flow))).toEqual(flow);
  });

  test.each(SEEDS)("every wire comes from a node that is there and leads to one, or ends the call (seed %i)", (seed) => {
    const flow = anyFlow(seed);
    for (const { from, to } of wiresOf(flow)) {
      expect(Object.keys(flow.nodes)).toContain(from);
      if (to !== END) expect(Object.keys(flow.nodes)).toContain(to);
    }
    if (flow.entry !== null) expect(Object.keys(flow.nodes)).toContain(flow.entry);
    for (const id of Object.keys(flow.nodes)) expect(id).toMatch(NODE_ID);
  });

  test("a template that was saved as a file is its flow", () => {
    expect(readFlow({ id: "x", flow: template("main-menu") })).toEqual(template("main-menu"));
  });

  test.each([null, 3, "{}", [], {}, { nodes: [] }, { nodes: { "Bad Id": { type: "menu" } } }, { nodes: { a: {} } }, { nodes: { a: null } }])(
    "%j is no flow",
    (value) => expect(readFlow(value)).toBeUndefined(),
  );

  test("what is odd in a file is left out or made to fit", () => {
    const flow = readFlow({
      nodes: { a: { type: "say", x: 1e9, y: "3", parameters: [] } },
      wires: { a: { done: 4, failed: "b" }, gone: { done: "" }, b: 3 },
      entry: "gone",
      record: "sometimes",
      notes: [{ text: 4 }, "x"],
    });
    expect(flow).toMatchObject({ entry: null, record: "default", wires: { a: { failed: "b" } }, notes: [{ text: "" }] });
    expect(flow?.nodes["a"]).toEqual({ type: "say", name: "", parameters: {}, x: 100_000, y: 0 });
    expect(parseFlow("not json")).toBeUndefined();
  });
});

describe("copy and paste", () => {
  const flow = template("main-menu");

  test("what is pasted has names of its own and its wires among itself", () => {
    const clip = parseClip(formatClip(copy(flow, ["menu", "bye"], [0])));
    const pasted = clip && paste(flow, clip, { x: 1000, y: 500 });
    expect(pasted?.nodes).toEqual(["menu-2", "bye-2"]);
    expect(pasted?.flow.wires["menu-2"]).toEqual({ "9": "menu-2", timeout: "bye-2", invalid: "bye-2" });
    expect(pasted?.flow.wires["bye-2"]).toEqual({ done: END });
    expect(pasted?.flow.wires["menu"]).toBe(flow.wires["menu"]);
    expect(pasted?.notes).toEqual([1]);
    const places = [...(pasted?.nodes.map((id) => pasted.flow.nodes[id]) ?? []), pasted?.flow.notes[1]];
    expect(Math.min(...places.map((each) => each?.x ?? 0))).toBe(1000);
    expect(Math.min(...places.map((each) => each?.y ?? 0))).toBe(500);
  });

  test("into another flow the names stay", () => {
    const clip = copy(flow, ["menu", "bye"]);
    expect(paste(emptyFlow("501", "Other"), clip, { x: 0, y: 0 })?.nodes).toEqual(["menu", "bye"]);
  });

  test("a whole flow on the clipboard is pasted as nodes; any other text is not", () => {
    expect(Object.keys(parseClip(formatFlow(flow))?.nodes ?? {})).toHaveLength(5);
    expect(parseClip("hello")).toBeUndefined();
    expect(parseClip("{}")).toBeUndefined();
  });

  test("what would be more nodes than a flow may have is refused whole", () => {
    const many = Object.fromEntries(Array.from({ length: MOST_NODES }, (_, index) => [`n${index}`, { type: "say", name: "", parameters: {}, x: 0, y: 0 }]));
    expect(paste({ ...flow, nodes: many }, copy(flow, ["bye"]), { x: 0, y: 0 })).toBeUndefined();
  });
});
