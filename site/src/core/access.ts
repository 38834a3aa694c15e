/** Who may see what. The node decides; this only keeps doors that would not open out of the way. */
import type { SessionView, User } from "../schema.gen.ts";

export type Role = User["role"];

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

/** The person of a session. */
export function whoIs({ user, second_factor }: SessionView): Who {
  return {
    id: user.id,
    username: user.username,
    role: user.role,
    extension: user.extension ?? undefined,
    secondFactor: second_factor,
  };
}

export function atLeast(who: Who, role: Role): boolean {
  return ROLES.indexOf(who.role) >= ROLES.indexOf(role);
}
