import { flows as english } from "../en/flows.ts";
import type { Text } from "../text.ts";

/** The flow editor. */
export const flows: Text["flows"] = { ...english };
