import type { Text } from "../text.ts";

/** Wizard, settings, users, audit, guard, system, other offices. */
export const admin: Text["admin"] = {};
