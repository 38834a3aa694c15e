/** The language in use. One place to change when there is a second one. */
import { en, type Text } from "./en.ts";

export type { Text };
export const t: Text = en;
