/** SIP messages as a ladder: a column for each address, an arrow for each message. */
import type { SipMessage } from "../schema.gen.ts";

export type RungTone = "request" | "progress" | "success" | "failure";

export interface Rung {
  /** Columns, from 0. */
  readonly from: number;
  readonly to: number;
  readonly tone: RungTone;
  readonly message: SipMessage;
}

export function ladderOf(participants: readonly string[], messages: readonly SipMessage[]): readonly Rung[] {
  const columns = new Map(participants.map((address, index) => [address, index]));
  return messages.map((message) => ({
    from: columns.get(message.source) ?? 0,
    to: columns.get(message.destination) ?? Math.max(0, participants.length - 1),
    tone: toneOf(message.status),
    message,
  }));
}

function toneOf(status: number | null): RungTone {
  if (status === null) return "request";
  if (status < 200) return "progress";
  return status < 300 ? "success" : "failure";
}

/** "INVITE", "200 OK": the words on an arrow; the whole first line is one click away. */
export function rungWords(message: SipMessage): string {
  return message.status === null ? message.method : message.summary.replace(/ \([A-Z]+\)$/, "");
}
