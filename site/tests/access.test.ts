import { expect, test } from "vitest";
import { atLeast, whoIs } from "../src/core/access.ts";
import type { SessionView } from "../src/schema.gen.ts";

function session(user: object): SessionView {
  return { user: { id: "1", username: "ann", created_at: "2026-03-02T09:00:00Z", ...user }, csrf_token: "", expires_at: "" };
}

test("a node that knows no roles has owners only", () => {
  expect(atLeast(whoIs(session({})), "owner")).toBe(true);
});

test("a role includes the lesser ones and none above", () => {
  const who = whoIs(session({ role: "supervisor", extension: "104" }));
  expect([atLeast(who, "user"), atLeast(who, "supervisor"), atLeast(who, "admin")]).toEqual([true, true, false]);
  expect(who.extension).toBe("104");
});
