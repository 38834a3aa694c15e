import type { Conversation } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const TONES: Readonly<Record<Conversation["mode"], Tone>> = { ai: "live", waiting: "warn", person: "plain" };

/** Who answers here: the AI, nobody yet, or people. Whoever has said STOP is answered by nobody. */
export function ModeMark({ conversation }: { readonly conversation: Conversation }) {
  if (conversation.opted_out) return <StatusMark tone="bad">{e.texts.optedOut}</StatusMark>;
  return <StatusMark tone={TONES[conversation.mode]}>{e.texts.modes[conversation.mode]}</StatusMark>;
}
