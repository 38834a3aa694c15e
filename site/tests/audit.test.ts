import { expect, test } from "vitest";
import { changesOf } from "../src/core/audit.ts";

test("only what differs is shown, nested fields by their path", () => {
  const before = { name: "Ann", forward: { busy: null, always: "104" }, tags: ["a"] };
  const after = { name: "Ann", forward: { busy: "105", always: "104" }, tags: ["a", "b"] };
  expect(changesOf({ before, after })).toEqual([
    { field: "forward.busy", before: "—", after: "105" },
    { field: "tags", before: "a", after: "a, b" },
  ]);
});

test("a new record has nothing before, a deleted one nothing after", () => {
  expect(changesOf({ before: null, after: { enabled: true } })).toEqual([{ field: "enabled", before: undefined, after: "✓" }]);
  expect(changesOf({ before: { enabled: false }, after: null })).toEqual([{ field: "enabled", before: "✗", after: undefined }]);
});

test("a list of records is shown as it is stored", () => {
  expect(changesOf({ before: { numbers: [] }, after: { numbers: [{ n: 1 }] } })[0]?.after).toBe('[{"n":1}]');
});
