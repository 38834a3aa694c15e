import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { RequestFault } from "../src/core/problem.ts";
import {
  type DocumentFault,
  EMPTY,
  fileName,
  fromFiles,
  readDocument,
  toFiles,
  writeDocument,
  type OfficeDocument,
} from "../src/office/documents/document.ts";
import { faultsIn, namesIn, type Schema, type Schemas } from "../src/office/documents/schema.ts";
import { documentFaults, documentSource, type Rules } from "../src/office/documents/source.ts";
import { en } from "../src/text/en/index.ts";

const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../schema/${name}`, import.meta.url), "utf8"));
const openapi = read("openapi.json") as { components: { schemas: Schemas } };
const nodes = read("nodes.json") as { nodes: readonly { type: string; parameters: Schema }[] };
const RULES: Rules = {
  schemas: openapi.components.schemas,
  nodes: Object.fromEntries(nodes.nodes.map((each) => [each.type, each.parameters])),
  words: en.documents.faults,
};
const ALICE = { number: "101", name: "Alice", sip_password: "alice-password" };
const BOB = { number: "102", name: "Bob" };
const SALES = { number: "600", name: "Sales", members: ["101"] };

function office(document: OfficeDocument = EMPTY) {
  let now = document;
  const source = documentSource({ document: () => now, put: (changed) => (now = changed) }, RULES);
  return { source, now: () => now };
}

async function refused(doing: Promise<unknown>): Promise<RequestFault> {
  const fault: unknown = await doing.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(fault).toBeInstanceOf(RequestFault);
  return fault as RequestFault;
}

describe("a document", () => {
  const document = readDocument(
    JSON.stringify({ extensions: [BOB, ALICE], ring_groups: [], live_flows: { "500": null } }),
  );

  it("is written in the order of the node, and read as it was", () => {
    expect(JSON.parse(writeDocument(document))).toEqual({
      format: 1,
      extensions: [ALICE, BOB],
      ring_groups: [],
      live_flows: { "500": null },
    });
    expect(readDocument(writeDocument(document)).live).toEqual(document.live);
  });

  it("is the same as a folder", () => {
    const files = toFiles(document);
    expect([...files.keys()]).toEqual([
      "extensions/102.json",
      "extensions/101.json",
      "ring_groups/.keep",
      "live_flows/500.json",
    ]);
    expect(writeDocument(fromFiles(files))).toBe(writeDocument(document));
  });

  it("has files that are called as the node calls them", () => {
    expect(fileName("*21*NUMBER#")).toBe("%2A21%2ANUMBER%23.json");
    expect(fileName("+12025550123")).toBe("+12025550123.json");
    expect(fileName("a.b~c/d")).toBe("a%2Eb%7Ec%2Fd.json");
  });

  it.each([
    ["{", "json"],
    ["[]", "shape"],
    ['{"extension": []}', "unknown"],
    ['{"extensions": {}}', "shape"],
    ['{"extensions": [{}]}', "shape"],
    ['{"extensions": [{"number": "1"}, {"number": "1"}]}', "twice"],
    ['{"live_flows": []}', "shape"],
  ])("is refused as %s", (text, reason) => {
    expect(() => readDocument(text)).toThrow(expect.objectContaining({ reason }) as DocumentFault);
  });

  it.each([
    [{ "extensions/102.json": "{\"number\": \"101\"}" }, "misnamed"],
    [{ "extension/101.json": "{}" }, "unknown"],
    [{ "extensions/deep/101.json": "{}" }, "unknown"],
    [{ "README.md": "Ours." }, "empty"],
  ])("is refused as the folder %j", (files, reason) => {
    expect(() => fromFiles(new Map(Object.entries(files)))).toThrow(expect.objectContaining({ reason }) as DocumentFault);
  });
});

describe("the schemas", () => {
  const faults = (name: string, value: unknown) =>
    faultsIn(RULES.schemas, RULES.schemas[name] ?? {}, value, RULES.words).map((each) => each.path);

  it("find every fault with its path", () => {
    expect(faults("ExtensionWrite", ALICE)).toEqual([]);
    expect(faults("ExtensionWrite", { number: "x", name: "", colour: 1, ring_timeout_s: "5" }).sort()).toEqual([
      "$.colour",
      "$.name",
      "$.number",
      "$.ring_timeout_s",
    ]);
    expect(faults("ExtensionWrite", { number: "101" })).toEqual(["$.name"]);
    expect(faults("RingGroup", { ...SALES, members: [] })).toEqual(["$.members"]);
    expect(faults("RingGroup", { ...SALES, members: [1] })).toEqual(["$.members[0]"]);
  });

  it("say which records a record names", () => {
    const named = namesIn(RULES.schemas, RULES.schemas["RingGroup"] ?? {}, { ...SALES, members: ["101", "102"] });
    expect(named.map((each) => `${each.path} ${each.kind} ${each.key}`)).toEqual([
      "$.members[0] extension 101",
      "$.members[1] extension 102",
    ]);
  });
});

describe("records of documents", () => {
  it("are made, changed, listed and deleted", async () => {
    const { source, now } = office();
    await source.create("extension", ALICE);
    await source.create("extension", BOB);
    await source.replace("extension", "101", { number: "101", name: "Alicia" });
    expect((await source.list("extension", { q: "ali" })).items).toEqual([{ number: "101", name: "Alicia" }]);
    expect((await source.list("extension", { sort: "-number", limit: 1 })).items).toEqual([BOB]);
    expect((await source.list("extension", { limit: 1 })).total).toBe(2);
    expect(now().sections["extensions"]?.[0]).toEqual({ ...ALICE, name: "Alicia" });
    await source.remove("extension", "102");
    expect((await refused(source.get("extension", "102"))).status).toBe(404);
  });

  it("never show their secrets, and keep them", async () => {
    const { source, now } = office();
    expect((await source.create("extension", ALICE)).record).toEqual({ number: "101", name: "Alice" });
    await source.replace("extension", "101", { number: "101", name: "Alice", sip_password: null });
    expect(now().sections["extensions"]?.[0]?.["sip_password"]).toBe("alice-password");
  });

  it("are refused as a node would", async () => {
    const { source } = office(readDocument(JSON.stringify({ extensions: [ALICE], ring_groups: [SALES] })));
    expect((await refused(source.create("extension", ALICE))).status).toBe(409);
    const group = await refused(source.create("ring_group", { ...SALES, number: "101" }));
    expect([group.status, group.errors[0]?.path]).toEqual([409, "$.number"]);
    expect((await refused(source.create("extension", { number: "1" }))).status).toBe(422);
    expect((await refused(source.replace("extension", "101", { ...ALICE, number: "103" }))).status).toBe(422);
    const used = await refused(source.remove("extension", "101"));
    expect([used.status, used.errors[0]?.path]).toEqual([409, "$.ring_groups.600"]);
    await source.remove("extension", "101", { force: true });
  });

  it("show what is wrong with all of them", () => {
    const faults = (raw: unknown) => documentFaults(RULES, readDocument(JSON.stringify(raw))).map((each) => each.path);
    expect(faults({ extensions: [ALICE], ring_groups: [SALES] })).toEqual([]);
    expect(faults({ ring_groups: [SALES] })).toEqual([]);
    expect(faults({ extensions: [], ring_groups: [SALES] })).toEqual(["$.ring_groups[0].members[0]"]);
    expect(faults({ extensions: [ALICE], ring_groups: [{ ...SALES, number: "101" }] })).toEqual(["$.ring_groups[0].number"]);
  });

  it("follow the references of flow nodes", () => {
    const flow = {
      number: "500",
      name: "Door",
      entry: "ring",
      nodes: { ring: { type: "ring_group", parameters: { ring_group: "600" } } },
      wires: {},
    };
    const faults = documentFaults(RULES, readDocument(JSON.stringify({ ring_groups: [], flows: [flow] })));
    expect(faults.map((each) => each.path)).toEqual(["$.flows[0].nodes.ring.parameters.ring_group"]);
  });
});
