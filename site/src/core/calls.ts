/** A running call in words: who talks to whom, in which state, and whether each side is heard. */
import type { LiveCall, LiveLeg } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";
import { causeOf, gradeWords } from "./sound.ts";
import { dialledName, NAMELESS, partyName, shortTarget, type NameOf } from "./people.ts";

export type AudioTone = "flowing" | "silent" | "oneWay" | "waiting" | "held" | "idle";

/** One end of the wire between two people. */
export interface CallEnd {
  readonly name: string;
  readonly number: string;
  readonly audio: AudioTone;
  /** Plain words about the audio this end sends; empty while there is nothing to say. */
  readonly words: string;
}

export interface CallView {
  readonly id: string;
  readonly state: CallState;
  readonly stateWords: string;
  readonly from: CallEnd;
  readonly to: CallEnd;
  /** One line for the eye and the screen reader: what is wrong first, else that all is well. */
  readonly summary: string;
  readonly trouble: boolean;
  /** The instant the running timer counts from (ms), and whether it counts talk or waiting. */
  readonly since: number;
  readonly answered: boolean;
}

export type CallState = "routing" | "ringing" | "talking" | "held" | "parked" | "ended";

export function viewCall(call: LiveCall, t: Text, nameOf: NameOf = NAMELESS): CallView {
  const state = call.parked ? "parked" : callState(call.state);
  const caller = call.legs.find((leg) => leg.leg === "a");
  const callees = call.legs.filter((leg) => leg.leg !== "a");
  const answeredLeg = callees.find((leg) => leg.state === "talking" || leg.state === "held");
  const fromName = partyName(call.from_name, call.from_number);
  const called = dialledName(call.dialled, call.to_name, t.live.features);
  const { name: toName, number: toNumber } = otherEnd(call, called, answeredLeg, t, nameOf);
  const answered = call.answered_at !== null;
  const isService = callees.length === 0 && answered;

  const from = end(fromName, call.from_number, caller, answered, t);
  const to = isService
    ? { name: toName, number: toNumber, audio: "flowing" as const, words: "" }
    : end(toName, toNumber, answeredLeg, answered, t);

  const sounds = [
    ...soundNotes(fromName, caller, t),
    ...(isService ? [] : soundNotes(toName, answeredLeg, t)),
  ];
  const troubles = [
    ...[from, to].filter((each) => each.audio === "silent" || each.audio === "oneWay").map((each) => each.words),
    ...sounds.filter((each) => each.grade === "poor").map((each) => each.words),
  ];
  return {
    id: call.id,
    state,
    stateWords: t.live.state[state],
    from,
    to,
    summary: troubles.length > 0 ? troubles.join(" · ") : calmSummary(state, from, to, callees, isService, sounds, t),
    trouble: troubles.length > 0,
    since: Date.parse(call.answered_at ?? call.started_at),
    answered,
  };
}

/** Longest running first, so that rows do not jump while calls come and go. */
export function inOrder(calls: Iterable<LiveCall>): LiveCall[] {
  return [...calls].sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at) || a.id.localeCompare(b.id));
}

/** What each extension is doing, for the phones page: "talking" wins over "ringing". */
export function busyExtensions(calls: Iterable<LiveCall>): ReadonlyMap<string, "talking" | "ringing"> {
  const busy = new Map<string, "talking" | "ringing">();
  for (const call of calls) {
    for (const leg of call.legs) {
      const number = leg.leg === "a" ? call.from_number : shortTarget(leg.party);
      const doing = leg.state === "talking" || leg.state === "held" || leg.leg === "a" ? "talking" : "ringing";
      if (busy.get(number) !== "talking") busy.set(number, doing);
    }
  }
  return busy;
}

/** Who talks now: the phone that has answered for a group, a menu or a parking slot; until then, what was called. */
function otherEnd(call: LiveCall, called: string, answered: LiveLeg | undefined, t: Text, nameOf: NameOf): { readonly name: string; readonly number: string } {
  if (call.parked) return { name: t.live.parkingSlot(call.parked), number: called };
  const extension = answered?.extension ?? undefined;
  if (extension === undefined || extension === call.dialled) return { name: called, number: call.dialled };
  const name = nameOf(extension);
  return { name: name ?? extension, number: [...(name === undefined ? [] : [extension]), called].join(" · ") };
}

function end(name: string, number: string, leg: LiveLeg | undefined, answered: boolean, t: Text): CallEnd {
  const audio = audioTone(leg, answered);
  return { name, number, audio, words: audio === "idle" ? "" : t.live.audio[audio](name) };
}

function audioTone(leg: LiveLeg | undefined, answered: boolean): AudioTone {
  if (leg === undefined || !answered) return "idle";
  if (leg.state === "held") return "held";
  if (leg.audio === "flowing") return "flowing";
  if (leg.audio === "one_way") return "oneWay";
  return leg.audio === "silent" ? "silent" : "waiting";
}

function calmSummary(
  state: CallState,
  from: CallEnd,
  to: CallEnd,
  callees: readonly LiveLeg[],
  isService: boolean,
  sounds: readonly SoundNote[],
  t: Text,
): string {
  if (state === "ringing") {
    return ringingWords(callees, t);
  }
  if (state === "parked") return from.words;
  const notes = [from, to].filter((each) => each.audio === "held" || each.audio === "waiting").map((each) => each.words);
  if (notes.length > 0) return notes.join(" · ");
  if (state !== "talking") return "";
  if (sounds.length > 0) return sounds.map((each) => each.words).join(" · ");
  return isService ? from.words : t.live.audioFine;
}

interface SoundNote {
  readonly grade: string;
  readonly words: string;
}

/** What is wrong with how one end sounds and hears; a line that is good again needs no words. */
function soundNotes(name: string, leg: LiveLeg | undefined, t: Text): SoundNote[] {
  if (leg === undefined || leg.state === "held") return [];
  const notes: SoundNote[] = [];
  if (leg.heard && leg.heard.grade !== "good") {
    notes.push({ grade: leg.heard.grade, words: t.sound.from(name, gradeWords(leg.heard, t), causeOf(leg.heard, t)) });
  }
  if (leg.told && leg.told.grade !== "good") {
    notes.push({ grade: leg.told.grade, words: t.sound.to(name, gradeWords(leg.told, t), causeOf(leg.told, t)) });
  }
  return notes;
}

function ringingWords(callees: readonly LiveLeg[], t: Text): string {
  const targets = [...new Set(callees.map((leg) => shortTarget(leg.party)))].join(", ");
  if (targets === "") return "";
  return callees.length > 1 ? t.live.ringingOn(targets, callees.length) : t.live.ringingAt(targets);
}

function callState(state: string): CallState {
  return state === "ringing" || state === "talking" || state === "held" || state === "ended" ? state : "routing";
}
