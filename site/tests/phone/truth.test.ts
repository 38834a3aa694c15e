import { describe, expect, it } from "vitest";
import { truthOf } from "../../src/phone/badge.ts";
import { causeOf } from "../../src/phone/causes.ts";
import { calledOf, readAddress } from "../../src/phone/headers.ts";
import { signalFor } from "../../src/phone/signals.ts";
import type { LineState } from "../../src/phone/types.ts";

const NOW = 1_000_000;
const LINE: LineState = { link: "open", registered: true, reachedAt: NOW - 1000, refusal: undefined, contact: "abc", audio: "works", audioAt: NOW };
const truth = (change: Partial<LineState> = {}, node: boolean | null = true, doNotDisturb = false) =>
  truthOf({ line: { ...LINE, ...change }, node, doNotDisturb, now: NOW });

describe("the badge says the truth", () => {
  it("ready when all three hold", () => expect(truth()).toMatchObject({ connected: "yes", reachable: "yes", audio: "yes", whole: "ready", why: undefined }));
  it("registered is not yet reachable: somebody has to have come through", () => {
    expect(truth({ reachedAt: undefined }, null)).toMatchObject({ reachable: "unsure", why: "never_reached" });
    expect(truth({ reachedAt: NOW - 999_000 }, null).reachable).toBe("unsure");
  });
  it("the node's word against it counts more than an old ring", () => expect(truth({}, false)).toMatchObject({ reachable: "no", why: "node_cannot_reach", whole: "trouble" }));
  it("an open socket with nobody behind it is no connection", () => expect(truth({ link: "silent", registered: false })).toMatchObject({ connected: "no", why: "silent" }));
  it("refused, and why", () => expect(truth({ registered: false, refusal: { status: 403, reason: "Forbidden" } })).toMatchObject({ reachable: "no", why: "refused" }));
  it("do not disturb is told", () => expect(truth({}, true, true)).toMatchObject({ reachable: "no", why: "do_not_disturb" }));
  it("no call has proved the sound yet", () => expect(truth({ audio: "unknown" })).toMatchObject({ audio: "unsure", whole: "ready" }));
  it("one-way sound is trouble", () => expect(truth({ audio: "not_heard" })).toMatchObject({ audio: "no", whole: "trouble", why: "not_heard" }));
  it("off without a line", () => expect(truthOf({ line: undefined, node: true, doNotDisturb: false, now: NOW }).whole).toBe("off"));
});

describe("why a call ended", () => {
  const end = (change: object) => causeOf({ cause: "", status: 0, reason: "", here: false, incoming: false, answered: false, ...change });
  it.each([
    [{ status: 486 }, "busy"],
    [{ status: 480 }, "unreachable"],
    [{ status: 404 }, "not_found"],
    [{ status: 403 }, "not_allowed"],
    [{ status: 603 }, "declined"],
    [{ status: 488 }, "no_codec"],
    [{ status: 500 }, "failed"],
    [{ here: true }, "cancelled"],
    [{ incoming: true }, "cancelled"],
    [{ incoming: true, here: true }, "declined"],
    [{ incoming: true, reason: 'SIP ;cause=200 ;text="Call completed elsewhere"' }, "elsewhere"],
    [{ answered: true, here: true }, "hung_up"],
    [{ cause: "RTP Timeout", answered: true }, "connection"],
    [{ cause: "User Denied Media Access" }, "microphone_refused"],
  ])("%j is %s", (change, cause) => expect(end(change)).toBe(cause));
});

describe("what was called", () => {
  const from = (headers: Record<string, string>) => calledOf((name) => headers[name], "101");
  it("the first of History-Info", () => expect(from({ "History-Info": "<sip:700@office>;index=1, <sip:101@office>;index=1.1" })?.number).toBe("700"));
  it("Diversion, where that is all", () => expect(from({ Diversion: '"Sales" <sip:700@office>;reason=unconditional' })).toEqual({ number: "700", name: "Sales" }));
  it("nothing, where it was this phone", () => expect(from({ Diversion: "<sip:101@office>" })).toBeUndefined());
  it("garbage is nobody", () => expect(readAddress("<<>>")).toBeUndefined());
  it("escaped signs", () => expect(readAddress('"A \\"B\\"" <sip:%2B49301@x>')).toEqual({ number: "+49301", name: 'A "B"' }));
});

describe("which tone is made", () => {
  const call = (direction: "in" | "out", state: "ringing" | "talking" | "ended", earlyMedia = false) => ({ direction, state, earlyMedia });
  it("none without calls", () => expect(signalFor([])).toBeUndefined());
  it("a call that comes rings", () => expect(signalFor([call("in", "ringing")])).toBe("ring"));
  it("quietly while somebody talks", () => expect(signalFor([call("in", "ringing"), call("out", "talking")])).toBe("waiting"));
  it("one that goes out is heard ringing, unless the other side is heard", () => {
    expect(signalFor([call("out", "ringing")])).toBe("ringback");
    expect(signalFor([call("out", "ringing", true)])).toBeUndefined();
  });
});
