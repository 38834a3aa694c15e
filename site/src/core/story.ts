/** A finished (or running) call's events as a timeline that a person can read: a fold over the same events as the CDR. */
import type { Cdr, LegQuality, Sound } from "../schema.gen.ts";
import type { Text } from "../text/text.ts";
import { causeWords } from "./causes.ts";
import { dialledName, NAMELESS, partyName, shortTarget, type NameOf } from "./people.ts";
import { causeOf, gradeWords, millisecondsWords, percentWords } from "./sound.ts";
import { formatDuration } from "./time.ts";

type CallEvent = Cdr["events"][number];

export type StoryTone = "start" | "plain" | "good" | "warn" | "bad" | "end";

export interface StoryStep {
  readonly at: string;
  /** Milliseconds since the call was offered. */
  readonly offsetMs: number;
  readonly tone: StoryTone;
  readonly title: string;
  readonly detail: string;
}

type Told = readonly [tone: StoryTone, title: string, detail?: string];

/** The readable timeline of one call. Leg ends that only repeat how the whole call ended are left out. */
export function story(cdr: Cdr, t: Text, nameOf?: NameOf): StoryStep[] {
  const { events } = cdr;
  const who = nameLegs(cdr, t, nameOf);
  const origin = Date.parse(events[0]?.at ?? cdr.started_at);
  const steps: StoryStep[] = [];
  for (const event of events) {
    // The way through a flow is drawn on its canvas.
    if (isEcho(event, events) || event.type === "node_entered" || event.type === "node_left") continue;
    const [tone, title, detail = ""] = tell(event, who, cdr, t);
    const last = steps.at(-1);
    if (last?.title === title && last.detail === detail) continue;
    steps.push({ at: event.at, offsetMs: Date.parse(event.at) - origin, tone, title, detail });
  }
  return steps;
}

/** How each leg is called: "a" is the caller, the others the phones that were rung. */
export function nameLegs(cdr: Cdr, t: Text, nameOf: NameOf = NAMELESS): (leg: string) => string {
  const names = new Map<string, string>([["a", partyName(cdr.from_name, cdr.from_number)]]);
  // A list of calls comes without their events: then whoever was called stands for all phones that rang.
  const called = partyName(cdr.to_name, cdr.dialled);
  const targets = new Map<string, number>();
  for (const event of cdr.events) {
    if (event.type !== "leg_dialled" && event.type !== "leg_joined") continue;
    const target = shortTarget(event.target);
    // Another phone of theirs rings; who comes from another call talked at one of them already.
    const nth = event.type === "leg_joined" ? 1 : (targets.get(target) ?? 0) + 1;
    targets.set(target, Math.max(nth, targets.get(target) ?? 0));
    const own = target === cdr.to_extension || target === cdr.dialled;
    const name = own ? partyName(cdr.to_name, target) : ((event.extension ? nameOf(event.extension) : undefined) ?? target);
    names.set(event.leg, nth > 1 ? `${name} #${nth}` : name);
  }
  return (leg) => (leg === "node" ? t.story.node : (names.get(leg) ?? called));
}

/** Who ended the call, as a name; empty where the history does not say. */
export function endedBy(cdr: Cdr, t: Text, nameOf?: NameOf): string {
  return cdr.hung_up_by && cdr.hung_up_by !== "node" ? nameLegs(cdr, t, nameOf)(cdr.hung_up_by) : "";
}

function tell(event: CallEvent, who: (leg: string) => string, cdr: Cdr, t: Text): Told {
  switch (event.type) {
    case "offered":
      return [
        "start",
        t.story.offered(partyName(event.from_name, event.from_number), event.dialled),
        event.source ? t.story.offeredFrom(event.source) : "",
      ];
    case "routed": {
      const to = dialledName(event.to, event.to_name, t.live.features);
      return ["plain", event.kind === "feature" ? t.story.routedFeature(to) : t.story.routedExtension(to)];
    }
    case "leg_dialled":
      return ["plain", t.story.legDialled(who(event.leg)), addressOf(event.target)];
    case "leg_ringing":
      if (event.leg === "a") return ["plain", event.early_media ? t.story.callerEarly : t.story.callerRinging];
      return ["plain", t.story.legRinging(who(event.leg)), event.early_media ? t.story.earlyMedia : ""];
    case "phone_pushed":
      return ["plain", t.story.phonePushed(personOf(event.extension, cdr)), event.device];
    case "phone_woke":
      return ["good", t.story.phoneWoke(personOf(event.extension, cdr), secondsWords(event.after_ms, t)), event.device];
    case "phone_declined":
      return ["warn", t.story.phoneDeclined(personOf(event.extension, cdr)), event.device];
    case "phone_not_woken":
      return ["warn", t.story.phoneNotWoken(personOf(event.extension, cdr)), event.reason];
    case "leg_answered":
      return event.leg === "a"
        ? ["good", t.story.callerAnswered(who("a"))]
        : ["good", t.story.legAnswered(who(event.leg))];
    case "leg_asked":
      return ["plain", t.story.legAsked(who(event.leg), event.key)];
    case "leg_held":
      return ["warn", t.story.legHeld(who(event.leg))];
    case "leg_resumed":
      return ["good", t.story.legResumed(who(event.leg))];
    case "leg_transferred":
      return ["plain", t.story.transferred(who(event.leg), who(event.stays), event.to)];
    case "transfer_failed":
      return ["warn", t.story.transferFailed(event.to)];
    case "leg_joined":
      return ["good", t.story.legJoined(who(event.leg))];
    case "leg_left":
      return ["plain", t.story.legLeft(who(event.leg))];
    case "parked":
      return ["plain", t.story.parked(event.slot)];
    case "message_begun":
      return ["plain", t.story.messageBegun(event.mailbox)];
    case "queue_joined":
      return ["plain", event.call_back_of ? t.story.queueCallsBack : t.story.queueJoined(event.position)];
    case "queue_rang":
      return ["plain", t.story.queueRang(event.agents.join(", "))];
    case "agent_missed":
      return ["warn", t.story.agentMissed(event.agent), event.paused ? t.story.agentPaused : ""];
    case "queue_left":
      return [
        event.reason === "answered" ? "good" : event.reason === "call_back" ? "plain" : "warn",
        t.story.queueLeft(event.reason, event.agent ?? ""),
        event.waited_s ? t.story.queueWaited(formatDuration(event.waited_s, t.duration)) : "",
      ];
    case "conference_waiting":
      return ["plain", t.story.conferenceWaiting];
    case "conference_joined":
      return ["good", event.moderator ? t.story.conferenceLed(event.member) : t.story.conferenceJoined(event.member)];
    case "conference_left":
      return ["plain", t.story.conferenceLeft(event.reason)];
    case "conference_muted":
      return ["plain", t.story.conferenceMuted(event.muted, event.by === "moderator")];
    case "conference_refused":
      return ["warn", t.story.conferenceRefused(event.reason)];
    case "conference_recorded":
      return ["plain", t.story.conferenceRecorded, event.file];
    case "digit":
      return ["plain", t.story.digit(who(event.leg))];
    case "audio_started":
      return ["good", t.story.audioStarted(who(event.leg))];
    case "audio_silent":
      return [
        "bad",
        t.story.audioSilent(who(event.leg)),
        t.story.audioSilentFor(formatDuration(event.silent_ms / 1000, t.duration)),
      ];
    case "audio_back":
      return ["good", t.story.audioBack(who(event.leg))];
    case "audio_joined": {
      const codecs = [event.caller_codec, event.codec] as const;
      return ["plain", event.transcoded ? t.story.transcoded(...codecs) : t.story.passedOn(event.codec)];
    }
    case "audio_one_way":
      return [
        "bad",
        t.story.audioOneWay(who(event.leg)),
        t.story.audioSilentFor(formatDuration(event.silent_ms / 1000, t.duration)),
      ];
    case "audio_quality": {
      const { grade } = event.sound;
      const words = event.direction === "from" ? t.story.sounds : t.story.hears;
      const tone = grade === "good" ? "good" : grade === "fair" ? "warn" : "bad";
      return [tone, words(who(event.leg), gradeWords(event.sound, t)), causeOf(event.sound, t)];
    }
    case "leg_quality":
      return [qualityTone(event), t.story.quality(who(event.leg)), qualityWords(event, t)];
    case "supervisor_joined":
      return ["warn", t.story.listens(event.extension, event.how, event.to ? who(event.to) : ""), event.asked_by ? t.story.askedBy(event.asked_by) : ""];
    case "supervisor_changed":
      return ["warn", t.story.listens(event.extension, event.how, event.to ? who(event.to) : "")];
    case "supervisor_left":
      return ["plain", t.story.listensNoMore(event.extension)];
    case "recording_started":
      return ["plain", t.story.recordingStarted(who(event.leg))];
    case "recording_paused":
      return ["plain", t.story.recordingPaused];
    case "recording_resumed":
      return ["plain", t.story.recordingResumed];
    case "recording_stopped":
      return ["plain", t.story.recordingStopped];
    case "recording_failed":
      return ["warn", t.story.recordingFailed, event.reason];
    case "flow":
      return ["plain", t.story.flow(event.name || event.flow)];
    case "limited":
      return ["bad", event.ended ? t.story.endedByLimit : t.story.refusedByLimit, event.words];
    case "limit_near":
      return ["warn", t.story.limitNear(formatDuration(event.left_s, t.duration))];
    case "called_for_help":
      return ["warn", t.story.calledForHelp(event.number), event.location];
    case "edge_step":
      return [event.what === "no_extension" ? "warn" : "plain", t.story.edgeStep(event.what, event.detail)];
    case "leg_ended":
      return [
        isTrouble(event.cause) ? "warn" : "plain",
        t.story.legEnded(who(event.leg)),
        causeWords(event.cause, who(event.leg), t),
      ];
    case "ended":
      return [isTrouble(event.cause) ? "bad" : "end", t.story.ended, causeWords(event.cause, endedBy(cdr, t), t)];
    default:
      return ["plain", t.story.unknown((event as { type: string }).type)];
  }
}

/** A leg that ended in the same breath and for the same cause as the call says nothing new. */
function isEcho(event: CallEvent, events: readonly CallEvent[]): boolean {
  if (event.type !== "leg_ended") return false;
  const end = events.find((each) => each.type === "ended");
  if (end === undefined) return false;
  const together = Math.abs(Date.parse(end.at) - Date.parse(event.at)) < 1500;
  return together && (event.cause === end.cause || event.cause === "normal");
}

function personOf(extension: string, cdr: Cdr): string {
  return partyName(extension === cdr.to_extension || extension === cdr.dialled ? cdr.to_name : "", extension);
}

function secondsWords(ms: number, t: Text): string {
  return (ms / 1000).toLocaleString(t.locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}

function addressOf(target: string): string {
  return /^sips?:[^@]*@([^;>]+)/i.exec(target)?.[1] ?? "";
}

const CALM_CAUSES: ReadonlySet<string> = new Set([
  "normal",
  "cancelled",
  "answered_elsewhere",
  "busy",
  "declined",
  "no_answer",
]);

function isTrouble(cause: string): boolean {
  return !CALM_CAUSES.has(cause);
}

type Quality = Pick<LegQuality, "packets_in" | "lost" | "jitter_ms" | "heard" | "told">;

function qualityTone(quality: Quality): StoryTone {
  const grades = [quality.heard?.grade, quality.told?.grade];
  if (grades.includes("poor")) return "bad";
  return grades.includes("fair") || lossOf(quality) > 0.03 ? "warn" : "plain";
}

/** The share of packets that never came, 0 to 1. */
export function lossOf(quality: Quality): number {
  const sent = quality.packets_in + Math.max(0, quality.lost);
  return sent > 0 ? Math.max(0, quality.lost) / sent : 0;
}

export function qualityWords(quality: Quality, t: Text): string {
  if (quality.packets_in === 0) return t.story.qualityNone;
  const counts = t.story.qualityDetail(
    quality.packets_in.toLocaleString(t.locale),
    percentWords(lossOf(quality)),
    millisecondsWords(quality.jitter_ms),
  );
  return [
    counts,
    quality.heard ? verdict(t.story.verdictFrom, quality.heard, t) : "",
    quality.told ? verdict(t.story.verdictTo, quality.told, t) : "",
  ]
    .filter((words) => words !== "")
    .join(" · ");
}

function verdict(say: (words: string) => string, sound: Sound, t: Text): string {
  const cause = causeOf(sound, t);
  return say(`${gradeWords(sound, t)} (${cause === "" ? "" : `${cause}, `}MOS ${sound.mos.toFixed(1)})`);
}
