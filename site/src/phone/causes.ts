/** Why a call ended, in a person's word. Pure. */
import type { EndCause } from "./types.ts";

export interface End {
  /** JsSIP's word. */
  readonly cause: string;
  readonly status: number;
  /** The Reason header (RFC 3326). */
  readonly reason: string;
  readonly here: boolean;
  readonly incoming: boolean;
  readonly answered: boolean;
}

const BY_STATUS: Readonly<Record<number, EndCause>> = {
  401: "not_allowed",
  403: "not_allowed",
  404: "not_found",
  406: "no_codec",
  408: "no_answer",
  410: "not_found",
  415: "no_codec",
  480: "unreachable",
  484: "not_found",
  486: "busy",
  487: "cancelled",
  488: "no_codec",
  503: "failed",
  600: "busy",
  603: "declined",
  604: "not_found",
  606: "no_codec",
  607: "declined",
};

export function causeOf(end: End): EndCause {
  if (end.cause === "User Denied Media Access") return "microphone_refused";
  if (end.cause === "RTP Timeout" || end.cause === "Connection Error" || end.cause === "Request Timeout") return "connection";
  if (end.answered) return "hung_up";
  if (end.incoming) {
    if (end.here) return "declined";
    return /cause\s*=\s*200/.test(end.reason) ? "elsewhere" : "cancelled";
  }
  if (end.here) return "cancelled";
  return BY_STATUS[end.status] ?? (end.cause === "Busy" ? "busy" : "failed");
}
