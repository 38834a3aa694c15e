import { expect, test } from "vitest";
import { mixes, nodeAddress, troubleOf } from "../src/core/place.ts";

test("an address is read as people type it", () => {
  expect(nodeAddress("phones.example.org")).toBe("https://phones.example.org");
  expect(nodeAddress(" https://Phones.example.org:8443/settings?x#y ")).toBe("https://phones.example.org:8443");
  expect(nodeAddress("http://192.0.2.10:8080/")).toBe("http://192.0.2.10:8080");
});

test("what is no address, or carries a password, is refused", () => {
  for (const odd of ["", "   ", "https://", "ftp://a.example", "https://admin:secret@a.example", "not an address"]) {
    expect(nodeAddress(odd)).toBeUndefined();
  }
});

test("a page on HTTPS reaches no node on HTTP but this machine", () => {
  expect(mixes("https://admin.example", "http://192.0.2.10")).toBe(true);
  expect(mixes("https://admin.example", "http://127.0.0.1:8080")).toBe(false);
  expect(mixes("https://admin.example", "https://192.0.2.10")).toBe(false);
  expect(mixes("http://admin.example", "http://192.0.2.10")).toBe(false);
});

test("the cause is the most certain one", () => {
  const seen = { page: "https://admin.example", node: "https://a.example", health: false, allowed: false };
  expect(troubleOf(seen)).toBe("unreachable");
  expect(troubleOf({ ...seen, health: true })).toBe("origin");
  expect(troubleOf({ ...seen, node: "http://a.example" })).toBe("mixed");
  expect(troubleOf({ ...seen, allowed: true })).toBeUndefined();
});
