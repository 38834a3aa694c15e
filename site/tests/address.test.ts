import { expect, test } from "vitest";
import { changed, part, type PageSearch } from "../src/core/address.ts";

test("a change keeps what stands in the address by the time it is made", () => {
  const close = changed({ open: undefined });
  const typed: PageSearch = changed({ q: "bell" })({ open: "new", sort: "-name" });
  expect(close(typed)).toEqual({ q: "bell", sort: "-name" });
});

test("what is nothing, or an empty text, is left out", () => {
  expect(changed({ q: "", page: undefined, show: "deleted" })({ q: "bell", page: 3 })).toEqual({ show: "deleted" });
  expect([part(1), part(2)]).toEqual([undefined, 2]);
});
