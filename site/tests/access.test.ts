import { expect, test } from "vitest";
import { atLeast, whoIs } from "../src/core/access.ts";
import type { SessionView, User } from "../src/schema.gen.ts";

function session(role: User["role"], extension: string | null = null): SessionView {
  const user = { id: "1", username: "ann", created_at: "2026-03-02T09:00:00Z", role, extension, enabled: true, second_factor: true, time_zone: "" };
  return { user, csrf_token: "", expires_at: "", scopes: [], second_factor: true, time_zone: "" };
}

test("a role includes the lesser ones and none above", () => {
  const who = whoIs(session("supervisor", "104"));
  expect([atLeast(who, "user"), atLeast(who, "supervisor"), atLeast(who, "admin")]).toEqual([true, true, false]);
  expect(who).toMatchObject({ extension: "104", secondFactor: true });
});

test("an owner may everything, and needs no phone", () => {
  expect(atLeast(whoIs(session("owner")), "owner")).toBe(true);
  expect(whoIs(session("owner")).extension).toBeUndefined();
});
