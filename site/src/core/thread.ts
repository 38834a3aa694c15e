/** One conversation by text, as it is drawn: messages and notes in their order, with a line where a day begins. Pure. */
import type { ConversationNote, TextMessage } from "../edge/types.ts";

export type ThreadItem =
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "message"; readonly key: string; readonly at: number; readonly message: TextMessage; readonly follows: boolean }
  | { readonly kind: "note"; readonly key: string; readonly at: number; readonly note: ConversationNote };

/** Messages of the same side within so long stand close together. */
const CLOSE_MS = 3 * 60_000;

export function threadItems(
  messages: readonly TextMessage[],
  notes: readonly ConversationNote[],
  dayOf: (at: number) => string,
): readonly ThreadItem[] {
  const all: ThreadItem[] = [
    ...messages.map((message) => ({ kind: "message", key: message.id, at: message.at, message, follows: false }) as const),
    ...notes.map((note) => ({ kind: "note", key: note.id, at: note.at, note }) as const),
  ].sort((one, other) => one.at - other.at);
  const items: ThreadItem[] = [];
  let last: ThreadItem | undefined;
  for (const item of all) {
    if (last === undefined || dayOf(last.at) !== dayOf(item.at)) {
      items.push({ kind: "day", key: `day ${dayOf(item.at)}`, at: item.at });
      last = undefined;
    }
    items.push(item.kind === "message" ? { ...item, follows: last !== undefined && close(last, item.message) } : item);
    last = item;
  }
  return items;
}

function close(before: ThreadItem, message: TextMessage): boolean {
  return (
    before.kind === "message" &&
    before.message.direction === message.direction &&
    before.message.author === message.author &&
    before.message.actor === message.actor &&
    message.at - before.at < CLOSE_MS
  );
}

/** How a conversation is named in an address: both numbers, the other side's first. */
export function threadKey({ from, to }: { readonly from: string; readonly to: string }): string {
  return `${from}~${to}`;
}

export function readThreadKey(key: string | undefined): { readonly from: string; readonly to: string } | undefined {
  const match = /^(\+?\d{5,16})~(\+?\d{5,16})$/.exec(key ?? "");
  return match === null ? undefined : { from: plus(match[1]), to: plus(match[2]) };
}

function plus(number = ""): string {
  return number.startsWith("+") ? number : `+${number}`;
}

/** The one before or after `open` in a list; the first, when none is open. */
export function neighbour<T>(items: readonly T[], isOpen: (item: T) => boolean, step: 1 | -1): T | undefined {
  const at = items.findIndex(isOpen);
  if (at === -1) return items[0];
  return items[Math.min(Math.max(at + step, 0), items.length - 1)];
}
