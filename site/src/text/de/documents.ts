import type { Text } from "../text.ts";

/** Working on documents without a node, and sync. */
export const documents: Text["documents"] = {};
