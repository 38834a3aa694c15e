/** What the headers of a call tell a person: which number was called, and the node's own id of the call. Pure. */
import type { Peer } from "./types.ts";

type Headers = (name: string) => string | undefined;

/** The node's id of this call, in the INVITE it sends and in its answers to ours. */
export const CALL_HEADER = "X-Bellwire-Call";
/** Through which queue, group or outside number the call came: `"Sales" <sip:700@…>`. */
export const CALLED_HEADER = "X-Bellwire-Called";

export function recordOf(header: Headers): string {
  const value = header(CALL_HEADER)?.trim() ?? "";
  return /^[A-Za-z0-9-]{1,64}$/.test(value) ? value : "";
}

/** What was called, where it is not `own`: the node's word, else the first of History-Info, else the last Diversion. */
export function calledOf(header: Headers, own: string): Peer | undefined {
  const values = [header(CALLED_HEADER), header("History-Info")?.split(/,(?=\s*<|\s*")/)[0], header("Diversion")];
  for (const value of values) {
    const peer = value === undefined ? undefined : readAddress(value);
    if (peer !== undefined && peer.number !== own) return peer;
  }
  return undefined;
}

/** A name-addr (RFC 3261 20.10), as far as a phone shows it. */
export function readAddress(value: string): Peer | undefined {
  const found = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<?(?:sips?|tel):([^@>;?]+)/i.exec(value);
  if (found === null) return undefined;
  const name = (found[1] ?? found[2] ?? "").replaceAll(/\\(.)/g, "$1").trim();
  return { number: decoded(found[3] ?? ""), name };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
