/** Why a call ended, in the words of somebody who has never read an RFC. */
import type { Cdr } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";

/** `who` ended it, empty when not known. A cause this site does not know yet is shown as it came. */
export function causeWords(cause: string, who: string, t: Text): string {
  if (cause === "") return "";
  return t.cause[cause]?.(who) ?? t.causeUnknown(cause);
}

export type DispositionTone = "good" | "plain" | "warn" | "bad" | "live";

/** How loud a disposition is drawn. Shape and words always go with it, colour never stands alone. */
export function dispositionTone(disposition: Cdr["disposition"]): DispositionTone {
  switch (disposition) {
    case "answered":
      return "good";
    case "in_progress":
      return "live";
    case "busy":
    case "no_answer":
      return "warn";
    case "failed":
      return "bad";
    default:
      return "plain";
  }
}
