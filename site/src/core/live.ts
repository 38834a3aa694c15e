/**
 * What is going on in the office right now, kept up to date by the node's live messages.
 *
 * A snapshot replaces everything, a change replaces one item, `seq` says what was already seen: a message that comes
 * twice (after a resume) changes nothing.
 */
import type {
  ConferenceStatus,
  Extension,
  ExtensionState,
  LiveCall,
  LiveMessage,
  MailboxState,
  QueueStatus,
  RegistrationView,
} from "../schema.gen.ts";

export interface LiveData {
  readonly seq: number;
  readonly calls: ReadonlyMap<string, LiveCall>;
  readonly registrations: ReadonlyMap<string, RegistrationView>;
  readonly extensions: ReadonlyMap<string, Extension>;
  /** Who is free, who rings, who talks. */
  readonly states: ReadonlyMap<string, ExtensionState>;
  readonly conferences: ReadonlyMap<string, ConferenceStatus>;
  readonly mailboxes: ReadonlyMap<string, MailboxState>;
  readonly queues: ReadonlyMap<string, QueueStatus>;
}

/** The data after `message`; the very same object when nothing changed. `undefined` means: nothing is known yet. */
export function applyMessage(data: LiveData | undefined, message: LiveMessage): LiveData | undefined {
  if (message.type === "snapshot") {
    return {
      seq: message.seq,
      calls: byId(message.calls ?? [], (call) => call.id),
      registrations: byId(message.registrations ?? [], (registration) => registration.id),
      extensions: byId(message.extensions ?? [], (extension) => extension.number),
      states: byId(message.extension_states ?? [], (state) => state.number),
      conferences: byId(message.conferences ?? [], (conference) => conference.conference),
      mailboxes: byId(message.mailboxes ?? [], (mailbox) => mailbox.number),
      queues: byId(message.queues ?? [], (queue) => queue.queue),
    };
  }
  if (data === undefined || message.seq <= data.seq) return data;
  switch (message.type) {
    case "call":
      return { ...data, seq: message.seq, calls: put(data.calls, message.id, ongoing(message.item)) };
    case "registration":
      return { ...data, seq: message.seq, registrations: put(data.registrations, message.id, message.item) };
    case "extension":
      return { ...data, seq: message.seq, extensions: put(data.extensions, message.id, message.item) };
    case "extension_state":
      return { ...data, seq: message.seq, states: put(data.states, message.id, message.item) };
    case "conference":
      return { ...data, seq: message.seq, conferences: put(data.conferences, message.id, message.item) };
    case "mailbox":
      return { ...data, seq: message.seq, mailboxes: put(data.mailboxes, message.id, message.item) };
    case "queue":
      return { ...data, seq: message.seq, queues: put(data.queues, message.id, message.item) };
    case "trunk": // kept by no page: those that show it ask for it
    case "recording":
    case "flow":
    case "health":
    case "drill":
    case "settings":
    case "conversation":
    case "campaign":
    case "number":
    case "edge":
      return { ...data, seq: message.seq };
    case "resumed":
    case "heartbeat":
      // Their seq is the node's newest, which may be ahead of changes still on the way: not a change that was seen.
      return data;
  }
}

/** Whether `message` says that a row of the history is new or different: a call began, was answered or ended. */
export function touchesHistory(before: LiveData | undefined, message: LiveMessage): boolean {
  if (message.type !== "call") return false;
  const old = before?.calls.get(message.id);
  return ongoing(message.item) === null || old?.answered_at !== message.item?.answered_at;
}

/** The first part of the key of everything that was asked of the edge. */
export const EDGE = "edge";

const TOLD_BY_EDGE: Readonly<Partial<Record<LiveMessage["type"], string>>> = {
  conversation: "conversations",
  campaign: "campaigns",
  number: "numbers",
  edge: "state",
};

/** The keys of what the edge says is different: these are asked for again. */
export function touchesEdge(message: LiveMessage): readonly string[] | undefined {
  const topic = TOLD_BY_EDGE[message.type];
  return topic === undefined ? undefined : [EDGE, topic];
}

/** A frame of the WebSocket as a message, or nothing when it is not one this site knows. */
export function readMessage(frame: unknown): LiveMessage | undefined {
  if (typeof frame !== "string") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("type" in value) || !("seq" in value)) return undefined;
  const known = typeof value.type === "string" && MESSAGE_TYPES.has(value.type) && typeof value.seq === "number";
  // The node writes these from the same schema these types come from.
  return known ? (value as LiveMessage) : undefined;
}

const MESSAGE_TYPES: ReadonlySet<string> = new Set<LiveMessage["type"]>([
  "snapshot",
  "resumed",
  "call",
  "registration",
  "extension",
  "extension_state",
  "conference",
  "mailbox",
  "queue",
  "trunk",
  "recording",
  "flow",
  "health",
  "drill",
  "settings",
  "conversation",
  "campaign",
  "number",
  "edge",
  "heartbeat",
]);

function ongoing(call: LiveCall | null): LiveCall | null {
  return call?.state === "ended" ? null : call;
}

function byId<T>(items: readonly T[], id: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [id(item), item]));
}

function put<T>(items: ReadonlyMap<string, T>, id: string, item: T | null): ReadonlyMap<string, T> {
  const next = new Map(items);
  if (item === null) next.delete(id);
  else next.set(id, item);
  return next;
}
