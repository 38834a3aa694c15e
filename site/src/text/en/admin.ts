/** Wizard, settings, users, audit, guard, system, other offices. */
export const admin = {};
