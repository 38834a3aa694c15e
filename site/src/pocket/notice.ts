/**
 * What a push shows. Pure: no browser, no clock.
 *
 * Browsers demand that every push shows something, so what takes a call back does not only close its notification: it
 * puts a silent one in its place. A push that comes too late, or after its call was taken back, never rings.
 */

export interface Push {
  readonly kind: "incoming" | "cancel" | "missed" | "voicemail" | "message";
  readonly call: string;
  readonly caller: string;
  readonly name: string;
  readonly title: string;
  readonly text: string;
  /** Why a call was taken back, where the node says so. */
  readonly reason: string;
  /** Who answered it, where that is somebody else. */
  readonly by: string;
  /** Unix milliseconds; 0: never. */
  readonly until: number;
  /** The right to decline the call, once. */
  readonly decline: string;
}

export interface Words {
  readonly answer: string;
  readonly decline: string;
  readonly calling: string;
  readonly missed: string;
  readonly elsewhere: string;
  readonly answeredBy: (who: string) => string;
  readonly declined: string;
  readonly over: string;
  readonly voicemail: string;
  readonly message: string;
  readonly test: string;
  readonly testText: string;
  readonly nobody: string;
}

/** What happened to the call of a push before. */
export type Known = "rings" | "over" | undefined;

export interface Show {
  readonly title: string;
  readonly body: string;
  readonly tag: string;
  /** Sounds, stays until it is touched, and has buttons. */
  readonly rings: boolean;
  readonly buttons: readonly { readonly action: "answer" | "decline"; readonly title: string }[];
  readonly data: ShownData;
}

/** Kept with a notification, for whoever touches it. */
export interface ShownData {
  readonly kind: Push["kind"] | "over" | "test";
  readonly call: string;
  readonly caller: string;
  readonly name: string;
  readonly decline: string;
  readonly until: number;
}

const KINDS: ReadonlySet<unknown> = new Set(["incoming", "cancel", "missed", "voicemail", "message"]);

/** What the node wrote; undefined for anything else. All values are strings. */
export function readPush(data: unknown): Push | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const told = data as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof told[name] === "string" ? told[name] : "");
  if (!KINDS.has(told["kind"])) return undefined;
  return {
    kind: told["kind"] as Push["kind"],
    call: text("call_id"),
    caller: text("caller"),
    name: text("caller_name"),
    title: text("title"),
    text: text("text"),
    reason: text("reason"),
    by: text("by"),
    until: Number(text("expires_at")) * 1000 || 0,
    decline: text("decline"),
  };
}

export function whoOf(push: Pick<Push, "caller" | "name">, words: Words): string {
  if (push.name === "" || push.name === push.caller) return push.caller === "" ? words.nobody : push.caller;
  return push.caller === "" ? push.name : `${push.name} (${push.caller})`;
}

/** `known`: what this browser knows of the call already; `now` in Unix milliseconds. */
export function showOf(push: Push, words: Words, known: Known, now: number): Show {
  const who = whoOf(push, words);
  switch (push.kind) {
    case "incoming":
      if (push.call.startsWith("test-")) return quiet(push, "test", words.test, words.testText);
      if (known === "over" || (push.until !== 0 && now >= push.until)) return quiet(push, "missed", words.missed, who);
      return {
        title: push.name === "" ? who : push.name,
        body: push.name === "" ? words.calling : `${words.calling} · ${push.caller}`,
        tag: tagOf(push.call),
        rings: true,
        buttons: [
          { action: "answer", title: words.answer },
          { action: "decline", title: words.decline },
        ],
        data: dataOf(push, "incoming"),
      };
    case "cancel":
      if (push.call.startsWith("test-")) return quiet(push, "test", words.test, words.testText);
      return quiet(push, "over", overOf(push, words), who);
    case "missed":
      return quiet(push, "missed", push.title === "" ? words.missed : push.title, push.text === "" ? who : push.text);
    case "voicemail":
    case "message":
      return {
        title: push.title === "" ? words[push.kind] : push.title,
        body: push.text === "" ? who : push.text,
        tag: `${push.kind}:${push.caller}`,
        rings: false,
        buttons: [],
        data: dataOf(push, push.kind),
      };
  }
}

function overOf({ reason, by }: Push, words: Words): string {
  if (reason === "elsewhere") return by === "" ? words.elsewhere : words.answeredBy(by);
  if (reason === "declined") return words.declined;
  return reason === "gave_up" || reason === "no_answer" ? words.missed : words.over;
}

/** What stands where a call rang that nobody took back: its push is all that came. */
export function overdue(shown: ShownData, words: Words): Show {
  return {
    title: words.missed,
    body: whoOf(shown, words),
    tag: tagOf(shown.call),
    rings: false,
    buttons: [],
    data: { ...shown, kind: "missed", decline: "" },
  };
}

export const tagOf = (call: string): string => `call:${call}`;

function quiet(push: Push, kind: ShownData["kind"], title: string, body: string): Show {
  return { title, body, tag: push.call === "" ? `${kind}:${push.caller}` : tagOf(push.call), rings: false, buttons: [], data: { ...dataOf(push, kind), decline: "" } };
}

function dataOf(push: Push, kind: ShownData["kind"]): ShownData {
  return { kind, call: push.call, caller: push.caller, name: push.name, decline: push.decline, until: push.until };
}
