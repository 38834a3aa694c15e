import { expect, test } from "vitest";
import document from "../schema/openapi.json";
import { expiresAt, WISHES, wishesOf } from "../src/core/scopes.ts";

/** Not for programs to choose: what everybody has, and what only people do. */
const NOT_WISHED = ["open", "session", "app", "owners:write"];
const scopes: readonly string[] = document.components.schemas.Scope.enum;

test("every scope of the node is in exactly one wish, and no wish asks for another", () => {
  const wished = WISHES.flatMap((wish) => wish.scopes);
  expect([...wished].sort()).toEqual(scopes.filter((scope) => !NOT_WISHED.includes(scope)).sort());
});

test("scopes are told as wishes, whole or in part", () => {
  const { whole, part, other } = wishesOf(["cdrs:read", "voicemail:read", "new:thing"]);
  expect([whole.map((wish) => wish.name), part.map((wish) => wish.name), other]).toEqual([["history"], ["voicemail"], ["new:thing"]]);
});

test("an end is days from now, or never", () => {
  expect(expiresAt(0, 1)).toBe("1970-01-02T00:00:00.000Z");
  expect(expiresAt(0, 0)).toBeNull();
});
