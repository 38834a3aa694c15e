/** Who may see what. The node decides; this only keeps doors that would not open out of the way. */
import type { SessionView } from "../schema.gen.ts";

export type Role = "user" | "supervisor" | "admin" | "owner";

/** From least to most. */
export const ROLES: readonly Role[] = ["user", "supervisor", "admin", "owner"];

export interface Who {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  /** The phone of this person. */
  readonly extension: string | undefined;
  readonly secondFactor: boolean;
}

type Loose = Readonly<Record<string, unknown>>;

/** The person of a session. A node that does not know roles has administrators only. */
export function whoIs(session: SessionView): Who {
  const user: Loose = session.user;
  const second: Loose = { ...session };
  return {
    id: session.user.id,
    username: session.user.username,
    role: ROLES.find((each) => each === user["role"]) ?? "owner",
    extension: typeof user["extension"] === "string" && user["extension"] !== "" ? user["extension"] : undefined,
    secondFactor: user["second_factor"] === true || second["second_factor"] === true,
  };
}

export function atLeast(who: Who, role: Role): boolean {
  return ROLES.indexOf(who.role) >= ROLES.indexOf(role);
}
