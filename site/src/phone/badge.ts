/** The truth about a phone in three parts: connected, can be rung, audio works. Pure. */
import type { LineState } from "./types.ts";

export type Part = "yes" | "no" | "unsure" | "wait";

export interface Truth {
  readonly connected: Part;
  readonly reachable: Part;
  readonly audio: Part;
  /** The worst of the three, as a whole. */
  readonly whole: "ready" | "busy" | "trouble" | "off";
  readonly why: Why | undefined;
}

export type Why =
  | "connecting"
  | "no_connection"
  | "silent"
  | "refused"
  | "not_registered"
  | "node_cannot_reach"
  | "never_reached"
  | "do_not_disturb"
  | "not_heard"
  | "not_hearing"
  | "no_audio";

export interface Seen {
  readonly line: LineState | undefined;
  /** What the node says of this page's registration: it answers, it does not, it was not asked; undefined: not listed. */
  readonly node: boolean | null | undefined;
  readonly doNotDisturb: boolean;
  readonly now: number;
}

/** How long having been reached by the node counts as being reachable. */
const REACHED_FOR_MS = 180_000;

export function truthOf({ line, node, doNotDisturb, now }: Seen): Truth {
  if (line === undefined || line.link === "closed") return { connected: "no", reachable: "no", audio: "unsure", whole: "off", why: undefined };
  const connected: Part = line.link === "open" ? "yes" : line.link === "connecting" ? "wait" : "no";
  const reached = line.reachedAt !== undefined && now - line.reachedAt < REACHED_FOR_MS;
  const reachable: Part =
    connected !== "yes" ? (connected === "wait" ? "wait" : "no")
    : !line.registered ? (line.refusal === undefined ? "wait" : "no")
    : doNotDisturb || node === false ? "no"
    : node === true || reached ? "yes"
    : "unsure";
  const audio: Part = line.audio === "works" ? "yes" : line.audio === "unknown" ? "unsure" : "no";
  const why = whyOf(line, { connected, reachable, node, doNotDisturb });
  const whole = connected === "no" || reachable === "no" || audio === "no" ? "trouble" : connected === "wait" || reachable === "wait" ? "busy" : "ready";
  return { connected, reachable, audio, whole, why };
}

interface Parts {
  readonly connected: Part;
  readonly reachable: Part;
  readonly node: boolean | null | undefined;
  readonly doNotDisturb: boolean;
}

function whyOf(line: LineState, { connected, reachable, node, doNotDisturb }: Parts): Why | undefined {
  if (connected === "wait") return "connecting";
  if (connected === "no") return line.link === "silent" ? "silent" : "no_connection";
  if (!line.registered) return line.refusal === undefined ? "not_registered" : "refused";
  if (doNotDisturb) return "do_not_disturb";
  if (node === false) return "node_cannot_reach";
  if (line.audio === "not_heard" || line.audio === "not_hearing") return line.audio;
  if (line.audio === "none") return "no_audio";
  return reachable === "unsure" ? "never_reached" : undefined;
}
