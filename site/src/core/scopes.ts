/** What a program may do, as people ask for it: each wish is a set of the node's scopes. Pure. */

export interface Wish {
  readonly name: "watch" | "history" | "listen" | "call" | "supervise" | "voicemail" | "messages" | "phones" | "office" | "guard" | "metrics" | "people" | "documents" | "texts" | "receptionist";
  readonly scopes: readonly string[];
}

export const WISHES: readonly Wish[] = [
  { name: "watch", scopes: ["calls:read", "registrations:read", "events:read", "status:read"] },
  { name: "history", scopes: ["cdrs:read"] },
  { name: "call", scopes: ["calls:write", "recordings:control"] },
  { name: "supervise", scopes: ["calls:supervise"] },
  { name: "listen", scopes: ["recordings:read", "recordings:delete"] },
  { name: "voicemail", scopes: ["voicemail:read", "voicemail:write"] },
  { name: "messages", scopes: ["messages:read", "messages:send"] },
  { name: "texts", scopes: ["texts:read", "texts:write", "campaigns:read", "campaigns:write"] },
  { name: "receptionist", scopes: ["receptionist:read", "receptionist:write", "numbers:read", "numbers:write"] },
  { name: "phones", scopes: ["extensions:read", "extensions:write", "sip-login:read"] },
  { name: "office", scopes: ["office:read", "office:write"] },
  { name: "guard", scopes: ["bans:read", "bans:write", "sip-traces:read"] },
  { name: "people", scopes: ["users:read", "users:write", "tokens:read", "tokens:write", "audit:read"] },
  { name: "documents", scopes: ["documents:read", "documents:write", "backup"] },
  { name: "metrics", scopes: ["metrics:read"] },
];

export const EVERYTHING = "*";

/** The wishes that scopes stand for, and whether each is granted whole or in part; then what no wish knows. */
export function wishesOf(scopes: readonly string[]): { readonly whole: Wish[]; readonly part: Wish[]; readonly other: string[] } {
  const known = new Set(WISHES.flatMap((wish) => wish.scopes));
  const has = (wish: Wish) => wish.scopes.filter((scope) => scopes.includes(scope)).length;
  return {
    whole: WISHES.filter((wish) => has(wish) === wish.scopes.length),
    part: WISHES.filter((wish) => has(wish) > 0 && has(wish) < wish.scopes.length),
    other: scopes.filter((scope) => !known.has(scope)),
  };
}

/** When a token ends, from the day it is made. */
export function expiresAt(now: number, days: number): string | null {
  return days === 0 ? null : new Date(now + days * 86_400_000).toISOString();
}
