import { describe, expect, it } from "vitest";
import { judge, proofOf, readStats, type CallStats } from "../../src/phone/quality.ts";

const stats = (change: Partial<CallStats>): CallStats => ({
  at: 0,
  packetsIn: 0,
  packetsOut: 0,
  lostIn: 0,
  lostThere: 0,
  jitterMs: 2,
  roundTripMs: 20,
  levelIn: 0.2,
  levelOut: 0.2,
  codec: "opus",
  relayed: false,
  network: "wifi",
  ...change,
});
const before = stats({});
const later = (change: Partial<CallStats> = {}) => stats({ at: 2000, packetsIn: 100, packetsOut: 100, ...change });

it("reads what browsers tell", () => {
  const read = readStats(
    [
      { type: "inbound-rtp", kind: "audio", packetsReceived: 50, packetsLost: 3, jitter: 0.012, audioLevel: 0.5, codecId: "C" },
      { type: "outbound-rtp", kind: "audio", packetsSent: 49 },
      { type: "remote-inbound-rtp", kind: "audio", fractionLost: 0.06, roundTripTime: 0.08 },
      { type: "media-source", kind: "audio", audioLevel: 0.25 },
      { type: "candidate-pair", nominated: true, localCandidateId: "L" },
      { id: "L", type: "local-candidate", candidateType: "relay", networkType: "wifi" },
      { id: "C", type: "codec", mimeType: "audio/G722" },
    ],
    7,
  );
  expect(read).toMatchObject({ at: 7, packetsIn: 50, packetsOut: 49, lostIn: 3, lostThere: 0.06, codec: "G722", relayed: true, network: "wifi", levelIn: 0.5, levelOut: 0.25 });
  expect(read.jitterMs).toBeCloseTo(12);
  expect(read.roundTripMs).toBeCloseTo(80);
});

it("an empty report is no crash", () => expect(readStats([], 1).packetsIn).toBe(0));

describe("the cause of a bad call", () => {
  it.each([
    ["nothing", later(), "good", undefined],
    ["loss towards us", later({ packetsIn: 94, lostIn: 6 }), "bad", "lost_in"],
    ["a little of it", later({ packetsIn: 98, lostIn: 2 }), "fair", "lost_in"],
    ["loss from us", later({ lostThere: 0.06 }), "bad", "lost_out"],
    ["uneven delivery", later({ jitterMs: 70 }), "bad", "jitter"],
    ["a long way", later({ roundTripMs: 350 }), "fair", "delay"],
    ["silence from there", later({ packetsIn: 2 }), "bad", "silent_in"],
    ["silence from here", later({ packetsOut: 0 }), "bad", "silent_out"],
  ])("%s", (_, now, grade, cause) => {
    expect(judge(before, now)).toMatchObject({ grade, cause });
  });

  it("says how much", () => expect(judge(before, later({ packetsIn: 94, lostIn: 6 })).figure).toBe(6));
  it("the worst of several counts", () => expect(judge(before, later({ lostThere: 0.02, jitterMs: 90 })).cause).toBe("jitter"));
  it("silence on hold is none, nor that of who is muted", () => {
    expect(judge(before, later({ packetsIn: 0 }), { quiet: true }).grade).toBe("good");
    expect(judge(before, later({ packetsOut: 0 }), { muted: true }).grade).toBe("good");
  });
  it("one look says nothing", () => expect(judge(undefined, later()).grade).toBe("none"));
  it("a counter that starts anew is no negative loss", () => expect(judge(stats({ lostIn: 50 }), later()).grade).toBe("good"));
});

it("packets prove audio, in both directions", () => {
  expect(proofOf(later())).toBe("works");
  expect(proofOf(later({ packetsOut: 0 }))).toBe("not_heard");
  expect(proofOf(later({ lostThere: 1 }))).toBe("not_heard");
  expect(proofOf(later({ packetsIn: 0 }))).toBe("not_hearing");
  expect(proofOf(later({ packetsIn: 0, packetsOut: 0 }))).toBe("none");
});
