/** How a call sounds, from `RTCPeerConnection.getStats`, and the cause of what is bad. Pure. */

export interface CallStats {
  readonly at: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  readonly lostIn: number;
  /** What the other side says it did not get of ours, 0 to 1. */
  readonly lostThere: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | undefined;
  /** 0 to 1: how loud it is here, and how loud the microphone is. */
  readonly levelIn: number;
  readonly levelOut: number;
  readonly codec: string;
  /** Whether the way goes over a relay (TURN). */
  readonly relayed: boolean;
  readonly network: "wifi" | "ethernet" | "cellular" | "vpn" | "unknown";
}

export type Grade = "good" | "fair" | "bad" | "none";

export type Cause = "lost_in" | "lost_out" | "jitter" | "delay" | "silent_in" | "silent_out" | "microphone";

export interface Quality {
  readonly grade: Grade;
  /** 0 to 4 bars. */
  readonly bars: number;
  readonly cause: Cause | undefined;
  /** Percent of loss or milliseconds, as the cause has it. */
  readonly figure: number;
  readonly network: CallStats["network"];
}

type Entry = Readonly<Record<string, unknown>>;

const text = (entry: Entry | undefined, name: string): string => (typeof entry?.[name] === "string" ? entry[name] : "");
const figure = (entry: Entry | undefined, name: string): number => (typeof entry?.[name] === "number" ? entry[name] : 0);

/** One look at the figures of a connection; `entries` are the values of an `RTCStatsReport`. */
export function readStats(entries: Iterable<unknown>, at: number): CallStats {
  const all = [...entries].filter((each): each is Entry => typeof each === "object" && each !== null);
  const of = (type: string) => all.find((each) => each["type"] === type && (each["kind"] ?? "audio") === "audio");
  const byId = (id: string) => all.find((each) => each["id"] === id);
  const incoming = of("inbound-rtp");
  const outgoing = of("outbound-rtp");
  const there = of("remote-inbound-rtp");
  const pair = all.find((each) => each["type"] === "candidate-pair" && (each["nominated"] === true || each["selected"] === true));
  const local = byId(text(pair, "localCandidateId"));
  const codec = byId(text(incoming, "codecId")) ?? byId(text(outgoing, "codecId"));
  const roundTrip = figure(there, "roundTripTime") || figure(pair, "currentRoundTripTime");
  const network = text(local, "networkType");
  return {
    at,
    packetsIn: figure(incoming, "packetsReceived"),
    packetsOut: figure(outgoing, "packetsSent"),
    lostIn: Math.max(0, figure(incoming, "packetsLost")),
    lostThere: figure(there, "fractionLost"),
    jitterMs: figure(incoming, "jitter") * 1000,
    roundTripMs: roundTrip > 0 ? roundTrip * 1000 : undefined,
    levelIn: figure(incoming, "audioLevel"),
    levelOut: figure(of("media-source"), "audioLevel"),
    codec: text(codec, "mimeType").replace(/^audio\//, ""),
    relayed: text(local, "candidateType") === "relay",
    network: network === "wifi" || network === "ethernet" || network === "cellular" || network === "vpn" ? network : "unknown",
  };
}

/** At least this many packets a second are expected of somebody who is not silent on purpose (20 ms each). */
const FEW = 5;
const GOOD: Quality = { grade: "good", bars: 4, cause: undefined, figure: 0, network: "unknown" };

/** What the time between two looks was like. `quiet`: nobody is meant to send (held). */
export function judge(before: CallStats | undefined, now: CallStats, { quiet = false, muted = false } = {}): Quality {
  const network = now.network;
  if (before === undefined || now.at <= before.at) return { ...GOOD, grade: "none", bars: 0, network };
  if (quiet) return { ...GOOD, network };
  const seconds = (now.at - before.at) / 1000;
  const got = now.packetsIn - before.packetsIn;
  const lost = Math.max(0, now.lostIn - before.lostIn);
  if (got / seconds < FEW) return { grade: "bad", bars: 0, cause: "silent_in", figure: 0, network };
  if (!muted && (now.packetsOut - before.packetsOut) / seconds < FEW) return { grade: "bad", bars: 0, cause: "silent_out", figure: 0, network };
  const lossIn = (100 * lost) / (lost + got);
  const lossOut = 100 * now.lostThere;
  const worst = [
    rate("lost_in", lossIn, 1.5, 5),
    rate("lost_out", lossOut, 1.5, 5),
    rate("jitter", now.jitterMs, 30, 60),
    rate("delay", now.roundTripMs ?? 0, 300, 600),
  ].sort((one, other) => one.bars - other.bars)[0];
  return worst === undefined ? { ...GOOD, network } : { ...worst, network };
}

function rate(cause: Cause, value: number, fair: number, bad: number): Quality {
  const bars = value >= bad ? 1 : value >= fair ? 2 : value >= fair / 2 ? 3 : 4;
  const grade = bars === 1 ? "bad" : bars === 2 ? "fair" : "good";
  return { grade, bars, cause: bars <= 2 ? cause : undefined, figure: Math.round(value), network: "unknown" };
}

/** What the packets of a call, from its first to its last look, say about audio at all. */
export function proofOf(stats: CallStats): "works" | "not_heard" | "not_hearing" | "none" {
  const hears = stats.packetsIn >= 10;
  const heard = stats.packetsOut >= 10 && stats.lostThere < 0.9;
  if (hears && heard) return "works";
  if (hears) return "not_heard";
  return heard ? "not_hearing" : "none";
}
