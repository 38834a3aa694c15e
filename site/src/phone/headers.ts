/** What the headers of a call tell a person: which number was called first. Pure. */
import type { Peer } from "./types.ts";

type Headers = (name: string) => string | undefined;

/** In the INVITE of a page that was woken by a push: the push's `call_id`. */
export const PUSH_HEADER = "X-Push-Call";

/** What was called, where it is not `own`: the first of History-Info (RFC 7044), else Diversion (RFC 5806). */
export function calledOf(header: Headers, own: string): Peer | undefined {
  const values = [header("History-Info")?.split(/,(?=\s*<|\s*")/)[0], header("Diversion")];
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
