/** Forms drawn from the node's schemas: what is asked, which widget asks it, and what is wrong with the answer. */
import nodes from "../schema/nodes.json";
import openapi from "../schema/openapi.json";
import kinds from "../schema/kinds.json";
import recordValidators from "virtual:form-validators/records";
import nodeValidators from "virtual:form-validators/nodes";
import { describe, expect, test } from "vitest";
import { at, readPath, type JsonSchema, type Schemas } from "../src/forms/json.ts";
import { plainNumber } from "../src/forms/phoneNumber.ts";
import { prepare } from "../src/forms/prepare.ts";
import { uiOf } from "../src/forms/ui.ts";
import { faultsIn, faultTree, nodeFaults, type Validators } from "../src/forms/validator.ts";
import { formValue, written } from "../src/forms/values.ts";
import { en } from "../src/text/en/index.ts";

const schemas = openapi.components.schemas as unknown as Schemas;
const validators = recordValidators as Validators;
const plain = (text: string) => text;
const drawn = (name: string) => prepare(schemas[name] ?? {}, schemas, plain);

const QUEUE = { number: "600", name: "Support", agents: [{ extension: "101", penalty: 0, always: false }] };

describe("validators", () => {
  test("every record that can be written and every node type has one", () => {
    for (const kind of kinds.filter((each) => each.name !== "flow")) expect(validators[kind.write], kind.write).toBeTypeOf("function");
    for (const node of nodes.nodes) expect((nodeValidators as Validators)[node.type], node.type).toBeTypeOf("function");
  });

  test("what the node takes passes, with all that the schema begins with", () => {
    const value = written(drawn("Queue"), formValue(drawn("Queue"), QUEUE));
    expect(faultsIn(validators["Queue"], drawn("Queue"), value, en)).toEqual([]);
  });

  test("faults come in words, at their field, also inside of lists", () => {
    const found = faultsIn(validators["Queue"], drawn("Queue"), { number: "6", name: "", agents: [{ penalty: 200 }] }, en);
    const words = new Map(found.map((each) => [each.path.join("."), each.message]));
    expect(words.get("number")).toContain("2 to 10 digits");
    expect(words.get("name")).toBe(en.form.required);
    expect(words.get("agents.0.extension")).toBe(en.form.required);
    expect(words.get("agents.0.penalty")).toBe(en.form.tooLarge(100));
  });

  test("an empty list that needs a member says so", () => {
    const group = { number: "500", name: "Sales", members: [] };
    expect(faultsIn(validators["RingGroup"], drawn("RingGroup"), group, en)).toEqual([{ path: ["members"], message: en.records.form.oneNeeded }]);
  });

  test("a name of 80 emoji is no longer than 80", () => {
    expect(faultsIn(validators["Queue"], drawn("Queue"), { ...QUEUE, name: "😀".repeat(80) }, en)).toEqual([]);
    expect(faultsIn(validators["Queue"], drawn("Queue"), { ...QUEUE, name: "😀".repeat(81) }, en)).toHaveLength(1);
  });

  test("parameters of nodes are checked by their own schema", () => {
    const menu = nodes.nodes.find((each) => each.type === "menu");
    const schema = prepare(menu?.parameters as JsonSchema, {}, plain);
    const found = faultsIn((nodeValidators as Validators)["menu"], schema, { choices: [{ keys: "x" }] }, en);
    expect(found.map((each) => each.path)).toEqual([["choices", 0, "keys"]]);
  });
});

describe("drawing", () => {
  test("X or null is one field that may be empty", () => {
    const property = drawn("ExtensionWrite").properties?.["mailbox"];
    expect(property).toMatchObject({ "x-ref": "mailbox", "x-nullable": true, type: ["string", "null"] });
  });

  test.each([
    ["RingGroup", "members", "references"],
    ["Queue", "agents", "referenceRows"],
    ["Limit", "hours", "weekly"],
    ["Limit", "countries", "optional"],
    ["TrunkWrite", "codecs", "orderedChoices"],
    ["NoticeTargetWrite", "kinds", "choices"],
  ])("%s.%s is drawn as %s", (name, property, field) => {
    expect(uiOf(drawn(name))[property]).toMatchObject({ "ui:field": field });
  });

  test.each([
    ["ExtensionWrite", "sip_password", "password"],
    ["ExtensionWrite", "outside_number", "phoneNumber"],
    ["ExtensionWrite", "mailbox", "reference"],
    ["ExtensionWrite", "may_call", "choice"],
    ["ExtensionWrite", "enabled", "switch"],
    ["RingGroup", "overflow", "destination"],
    ["Queue", "max_wait_s", "number"],
    ["Limit", "time_zone", "timeZone"],
  ])("%s.%s asks with the widget %s", (name, property, widget) => {
    expect(uiOf(drawn(name))[property]).toMatchObject({ "ui:widget": widget });
  });

  test("a menu's choices are the keys of a telephone, a time switch's hours a week", () => {
    const menu = prepare(nodes.nodes.find((each) => each.type === "menu")?.parameters as JsonSchema, {}, plain);
    const times = prepare(nodes.nodes.find((each) => each.type === "time_switch")?.parameters as JsonSchema, {}, plain);
    expect(uiOf(menu)["choices"]).toMatchObject({ "ui:field": "digitPad" });
    expect(uiOf(times)["rules"]).toMatchObject({ items: { hours: { "ui:field": "weekly" } } });
  });

  test("alternatives that carry a tag are told apart by it", () => {
    const tagged: JsonSchema = {
      anyOf: [
        { type: "object", properties: { kind: { const: "a" }, x: { type: "string" } } },
        { type: "object", properties: { kind: { enum: ["b"] } } },
      ],
    };
    expect(prepare({ type: "object", properties: { one: tagged } }, {}, plain).properties?.["one"]).toMatchObject({ "x-tag": "kind" });
  });
});

describe("values", () => {
  test("a secret that was left empty is not sent, and one that was typed is", () => {
    const schema = drawn("TrunkWrite");
    const value = formValue(schema, { id: "provider", name: "Provider", host: "sip.example" });
    expect(written(schema, value)).not.toHaveProperty("password");
    expect(written(schema, { ...value, password: "secret" })).toHaveProperty("password", "secret");
  });

  test("what cannot be written is left behind", () => {
    expect(formValue(drawn("Queue"), { ...QUEUE, made_at: "now" })).not.toHaveProperty("made_at");
  });

  test.each([
    ["+49 (30) 901-820", "+4930901820"],
    ["0049 30 901820", "+4930901820"],
    ["+49 (0)30 901820", "+4930901820"],
    ["*72", "*72"],
    ["reception", "reception"],
  ])("the pasted number %s is %s", (pasted, wanted) => {
    expect(plainNumber(pasted)).toBe(wanted);
  });
});

describe("faults of the node", () => {
  test("paths are read as they are written", () => {
    expect(readPath("$.agents[2].extension")).toEqual(["agents", 2, "extension"]);
    expect(at({ agents: [0, 1, { extension: "103" }] }, ["agents", 2, "extension"])).toBe("103");
  });

  test("a fault goes away once its field is changed, and one of no field stays apart", () => {
    const errors = [
      { path: "$.number", message: "the number 600 is that of a queue already" },
      { path: "query.limit", message: "too many" },
    ];
    const schema = drawn("RingGroup");
    const before = nodeFaults(errors, { number: "600" }, { number: "600" }, schema);
    expect(before.byField).toEqual([{ path: ["number"], message: "The number 600 is that of a queue already." }]);
    expect(before.others).toEqual(["too many"]);
    expect(nodeFaults(errors, { number: "600" }, { number: "601" }, schema).byField).toEqual([]);
  });

  test("faults become the tree that rjsf draws", () => {
    expect(faultTree([{ path: ["agents", 0, "extension"], message: "no" }])).toEqual({ agents: { 0: { extension: { __errors: ["no"] } } } });
  });
});
