import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import * as commands from "../src/flow/commands.ts";
import { allFaults, localFaults } from "../src/flow/faults.ts";
import { exitsOfNode } from "../src/flow/exits.ts";
import { heightOf, shownExits, WIDTH } from "../src/flow/geometry.ts";
import { freePlace, layout } from "../src/flow/layout.ts";
import { searchNodes } from "../src/flow/search.ts";
import { firstSentence, summaryOf, titleOf } from "../src/flow/summary.ts";
import { emptyFlow } from "../src/flow/transfer.ts";
import { END, type Fault, type Flow } from "../src/flow/types.ts";
import { schemaFaults } from "../src/flow/validate.ts";
import { faultWords, summaryWords } from "../src/flow/words.ts";
import { de } from "../src/text/de/index.ts";
import { en } from "../src/text/en/index.ts";
import { anyFlow, CATALOGUE, random, template, TYPES, typeNamed } from "./flow-parts.ts";

const WORDS = faultWords(en);
const faultsOf = (flow: Flow) => localFaults(flow, TYPES, WORDS);
const brief = (faults: readonly Fault[]) => faults.map((each) => [each.node, each.exit ?? each.parameter].filter((part) => part !== null).join(":"));

describe("parameters by the schema", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const validators = new Map([...TYPES.values()].map((type) => [type.type, ajv.compile(type.parameters)]));

  const validOf = new Map<string, number>();

  /** Values near what a schema wants, and others. */
  function anyValue(next: () => number, depth = 0): unknown {
    const all: readonly (() => unknown)[] = [
      () => null, () => "", () => "101", () => "1", () => "open", () => "x".repeat(2001), () => "mon", () => "08:30", () => "Ω\n",
      () => true, () => false, () => 0, () => 3, () => 5.5, () => 1e6, () => -101,
      () => [], () => [anyValue(next, depth + 1)], () => [anyValue(next, depth + 1), anyValue(next, depth + 1)],
      () => ({ keys: anyValue(next, depth + 1) }),
      () => ({ exit: anyValue(next, depth + 1), hours: anyValue(next, depth + 1), name: anyValue(next, depth + 1) }),
      () => ({ days: ["mon", anyValue(next, depth + 1)], start: anyValue(next, depth + 1) }),
      () => ({ prompt: anyValue(next, depth + 1), text: anyValue(next, depth + 1) }),
      () => ({ prompt: null, text: "Hello", language: "en" }),
    ];
    return all[Math.floor(next() * (depth > 3 ? 16 : all.length))]?.();
  }

  test.each([...TYPES.keys()])("%s: what is a fault here is one for Ajv, and the other way round", (name) => {
    const type = typeNamed(name);
    const validate = validators.get(name);
    const next = random(name.length * 7919);
    const properties = Object.keys(type.parameters.properties ?? {});
    let valid = 0;
    for (let round = 0; round < 400; round++) {
      const chosen = properties.filter((property) => next() < 0.25 || type.parameters.required?.includes(property) === true);
      const extra = next() < 0.05 ? { strange: 1 } : {};
      const value = { ...Object.fromEntries(chosen.map((property) => [property, anyValue(next)])), ...extra };
      const mine = schemaFaults(type.parameters, value);
      expect(mine.length === 0, JSON.stringify({ value, mine, theirs: validate?.errors })).toBe(validate?.(value));
      if (mine.length === 0) valid++;
    }
    validOf.set(name, valid);
  });

  test("the values that were tried are right ones too", () => {
    expect([...validOf.values()].filter((valid) => valid > 0).length).toBeGreaterThan(20);
  });

  test("a fault says where, as the node does", () => {
    const parameters = { rules: [{ exit: "open" }, { exit: "Bad one", hours: [{ days: ["mon"], start: "8:30" }] }] };
    expect(schemaFaults(typeNamed("time_switch").parameters, parameters).map((each) => each.path)).toEqual([
      "rules[1].exit",
      "rules[1].hours[0].start",
    ]);
  });

  test("what is missing, too long or too high is told as that", () => {
    const why = (type: string, parameters: Readonly<Record<string, unknown>>) => schemaFaults(typeNamed(type).parameters, parameters).map((each) => each.problem);
    expect(why("say", {})).toEqual([{ why: "missing" }]);
    expect(why("say", { text: "" })).toEqual([{ why: "missing" }]);
    expect(why("say", { text: "a".repeat(2001) })).toEqual([{ why: "long", limit: typeNamed("say").parameters.properties?.["text"]?.maxLength }]);
    expect(why("extension", { extension: "101", ring_s: 301 })).toEqual([{ why: "high", limit: 300 }]);
    expect(why("extension", { extension: "112" })).toEqual([{ why: "pattern" }]);
    expect(why("hang_up", { reason: "tired" })).toEqual([{ why: "choice" }]);
  });
});

describe("faults", () => {
  test.each(["main-menu", "opening-hours"])("the template %s has none", (name) => {
    expect(faultsOf(template(name))).toEqual([]);
  });

  test("an empty flow needs an entry", () => {
    expect(faultsOf(emptyFlow("500", "A")).map((each) => each.text)).toEqual([en.flows.fault.noEntry]);
  });

  test("each exit that has to lead somewhere is named", () => {
    const flow = commands.unwire(template("main-menu"), ["menu:0", "bye:done", "reception:failed"]);
    expect(brief(faultsOf(flow))).toEqual(["menu:0", "bye:done", "reception"]);
  });

  test("a wire to what is not there, and one from an exit that is not there", () => {
    const flow = { ...template("main-menu"), wires: { ...template("main-menu").wires, bye: { done: "gone", away: END } } };
    expect(brief(faultsOf(flow))).toEqual(["bye:done", "bye:away"]);
  });

  test("calls that go round without waiting", () => {
    let flow = commands.addNode(emptyFlow("500", "A"), typeNamed("set_value"), { x: 0, y: 0 }, { values: [{ name: "a" }] });
    flow = commands.wire(flow, { node: "set-value", exit: "next" }, "set-value");
    expect(faultsOf(flow).map((each) => each.text)).toEqual([en.flows.fault.circle("set-value")]);
    // A menu waits for keys.
    expect(faultsOf(template("main-menu"))).toEqual([]);
  });

  test("two choices with the same key", () => {
    const flow = commands.setParameters(template("main-menu"), TYPES, "menu", { choices: [{ keys: "0" }, { keys: "0" }] });
    expect(brief(faultsOf(flow))).toContain("menu:choices");
  });

  test("a type that this site does not know", () => {
    const flow = { ...template("main-menu") };
    const strange = { ...flow, nodes: { ...flow.nodes, bye: { type: "hologram", name: "", parameters: {}, x: 0, y: 0 } } };
    expect(faultsOf(strange).some((each) => each.node === "bye" && each.text.includes("hologram"))).toBe(true);
  });

  test("any flow can be checked", () => {
    for (let seed = 1; seed < 30; seed++) expect(() => faultsOf(anyFlow(seed))).not.toThrow();
  });

  const told = (node: string, more: Partial<Fault>): Fault => ({ text: "there is no extension 100", node, exit: null, parameter: null, test: null, warning: false, ...more });

  test("what the node said is kept as long as it is about the same parameters", () => {
    const flow = template("main-menu");
    const checked = { flow, faults: [told("reception", { parameter: "extension" })] };
    expect(brief(allFaults([], flow, checked))).toEqual(["reception:extension"]);
    const moved = commands.move(flow, { reception: { x: 7, y: 7 } });
    expect(brief(allFaults([], moved, checked))).toEqual(["reception:extension"]);
    const other = commands.setParameters(flow, TYPES, "reception", { extension: "101" });
    expect(allFaults([], other, checked)).toEqual([]);
    expect(allFaults([], commands.remove(flow, { nodes: ["reception"] }), checked)).toEqual([]);
  });

  test("what both say is said once, and exits are decided here", () => {
    const flow = commands.unwire(template("main-menu"), ["menu:0"]);
    const checked = { flow, faults: [told("menu", { exit: "0" }), told("reception", {}), told("bye", {})] };
    expect(brief(allFaults(faultsOf(flow), flow, checked))).toEqual(["menu:0", "reception", "bye"]);
    const wired = commands.wire(flow, { node: "menu", exit: "0" }, "reception");
    expect(allFaults(faultsOf(wired), wired, checked)).toEqual([]);
  });
});

describe("layout", () => {
  const boxes = (flow: Flow) =>
    Object.entries(flow.nodes).map(([id, node]) => ({
      id,
      ...node,
      height: heightOf(shownExits(exitsOfNode(TYPES, node), flow.wires[id] ?? {}, false).length),
    }));
  const clear = (above: { y: number; height: number }, below: { y: number }) => below.y - above.y >= above.height;

  test.each([3, 7, 11, 19])("no two nodes cover each other, and the entry stays (seed %i)", (seed) => {
    const flow = anyFlow(seed, 120);
    const laid = commands.move(flow, layout(flow, TYPES));
    const all = boxes(laid);
    for (const a of all) {
      for (const b of all) {
        const apart = a.id === b.id || Math.abs(a.x - b.x) >= WIDTH || clear(a, b) || clear(b, a);
        expect(apart, `${a.id} and ${b.id}`).toBe(true);
      }
    }
    const entry = flow.entry ?? Object.keys(flow.nodes)[0] ?? "";
    expect(Math.abs((laid.nodes[entry]?.x ?? 0) - (flow.nodes[entry]?.x ?? 0))).toBeLessThanOrEqual(10);
    expect(layout(laid, TYPES)).toEqual(layout(laid, TYPES));
  });

  test("calls go from left to right", () => {
    const laid = layout(template("main-menu"), TYPES);
    expect(laid["start"]?.x).toBeLessThan(laid["menu"]?.x ?? 0);
    expect(laid["menu"]?.x).toBeLessThan(laid["reception"]?.x ?? 0);
  });

  test("a new node is put where there is room", () => {
    const flow = template("main-menu");
    const { x, y } = freePlace(flow, TYPES, { x: 240, y: 0 });
    expect(x).toBe(240);
    expect(y).toBeGreaterThan(100);
    expect(freePlace(flow, TYPES, { x: 9000, y: 0 })).toEqual({ x: 9000, y: 0 });
  });
});

describe("what a node says of itself", () => {
  const words = summaryWords(en);
  const nameOf = (kind: string, key: string) => (kind === "extension" && key === "101" ? "Alice" : undefined);
  const line = (type: string, parameters: Readonly<Record<string, unknown>>) =>
    summaryOf({ type, name: "", parameters, x: 0, y: 0 }, typeNamed(type), words, nameOf);

  test.each([
    ["extension", { extension: "101" }, "101 Alice"],
    ["extension", { extension: "102" }, "102"],
    ["extension", {}, "Choose: Extension"],
    ["menu", { say: { text: "Welcome.\n Press 1." } }, "“Welcome. Press 1.”"],
    ["menu", { say: { prompt: "greeting" } }, "greeting"],
    ["say", { text: "Hello" }, "Hello"],
    ["condition", { condition: "a = 1" }, "a = 1"],
    ["transfer", { destination: "+49301" }, "+49301"],
    ["wait", { seconds: 5 }, "5 seconds"],
    ["time_switch", { rules: [{ exit: "o", hours: [{ days: ["mon", "tue", "wed"], start: "09:00", end: "17:00" }] }] }, "Mon–Wed 09:00–17:00"],
    ["time_switch", { rules: [{ exit: "o", hours: [{ days: ["sat", "mon"], start: "09:00", end: "17:00" }] }] }, "Mon, Sat 09:00–17:00"],
    ["inbound_number", { numbers: ["+4930*"] }, "+4930*"],
    ["webhook", { url: "https://a.example" }, "https://a.example"],
  ])("%s %j: %s", (type, parameters, expected) => expect(line(type, parameters)).toBe(expected));

  test("every type says something, even when nothing is filled in", () => {
    for (const type of TYPES.keys()) expect(line(type, {}), type).not.toBe("");
  });

  test("every type, group and exit has its German words", () => {
    const texts = CATALOGUE.groups.flatMap((group) => [
      group.title,
      ...group.types.flatMap((type) => [type.title, firstSentence(type.description), ...type.exits.flatMap((exit) => (exit.each === "" ? exit.title : []))]),
    ]);
    expect(texts.filter((text) => !(text in de.flows.schema))).toEqual([]);
  });

  test("its title is its name, else that of its type", () => {
    expect(titleOf({ type: "menu", name: "", parameters: {}, x: 0, y: 0 }, typeNamed("menu"), words)).toBe("Menu");
    expect(titleOf({ type: "menu", name: "Day", parameters: {}, x: 0, y: 0 }, typeNamed("menu"), words)).toBe("Day");
    expect(titleOf({ type: "gone", name: "", parameters: {}, x: 0, y: 0 }, undefined, words)).toBe("gone");
  });

  test("the first sentence of a description", () => {
    expect(firstSentence("Ring an extension: its phones. Then\n\nMore.")).toBe("Ring an extension: its phones");
  });
});

describe("search", () => {
  const flow = template("main-menu");
  const words = summaryWords(en);
  const find = (query: string) =>
    searchNodes(flow, query, (id) => {
      const node = flow.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 };
      return { id, title: titleOf(node, TYPES.get(node.type), words), type: node.type, summary: summaryOf(node, TYPES.get(node.type), words, () => undefined) };
    }).map((each) => each.id);

  test.each([
    ["recep", ["reception", "menu"]],
    ["GOOD", ["bye"]],
    ["extension 100", ["reception"]],
    ["press 9", ["menu"]],
    ["  ", []],
    ["nothing at all", []],
  ])("“%s” finds %j", (query, ids) => expect(find(query)).toEqual(ids));
});
