/** What somebody wants of a call that this page was opened for: carried in the page's address, or told to an open page. */

export interface Intent {
  /** The `call_id` of the push; the INVITE that follows repeats it in `X-Push-Call`. */
  readonly call: string;
  /** They have pressed "Answer": nothing more is asked. Else the call is only shown. */
  readonly answer: boolean;
  readonly who: string;
}

export type ToPage = { readonly type: "bellwire-call"; readonly intent: Intent } | { readonly type: "bellwire-declined"; readonly call: string };

export const PHONE = "/phone";

export function addressOf(intent: Intent): string {
  const wanted = new URLSearchParams({ push: intent.call, ...(intent.answer ? { answer: "1" } : {}), ...(intent.who === "" ? {} : { who: intent.who }) });
  return `${PHONE}?${wanted.toString()}`;
}

export function intentOf(search: string): Intent | undefined {
  const told = new URLSearchParams(search);
  const call = told.get("push") ?? "";
  // The router writes values as JSON where they could be taken for something else.
  return /^[\x21-\x7e]{1,64}$/.test(call) ? { call: unquoted(call), answer: unquoted(told.get("answer") ?? "") === "1", who: unquoted(told.get("who") ?? "") } : undefined;
}

function unquoted(text: string): string {
  return /^".*"$/.test(text) ? text.slice(1, -1) : text;
}

/** The same address without it, so that going back or loading anew takes no call. */
export function withoutIntent(href: string): string {
  const url = new URL(href);
  for (const name of ["push", "answer", "who"]) url.searchParams.delete(name);
  return `${url.pathname}${url.search}${url.hash}`;
}
