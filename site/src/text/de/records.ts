import { records as english } from "../en/records.ts";
import type { Text } from "../text.ts";

/** The pages of records: forms, lists, pickers, extensions, trunks, schedules. */
export const records: Text["records"] = english;
