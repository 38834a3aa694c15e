/** What a push shows: only a call that still rings rings. */
import { describe, expect, it } from "vitest";
import { overdue, readPush, showOf, whoOf, type Push } from "../../src/pocket/notice.ts";
import { notices as de } from "../../src/text/de/notices.ts";
import { notices as en } from "../../src/text/en/notices.ts";

const NOW = 1_800_000_000_000;

function push(changes: Readonly<Record<string, string>> = {}): Push {
  const read = readPush({
    kind: "incoming",
    call_id: "01CALL-1",
    caller: "101",
    caller_name: "Ann",
    extension: "102",
    expires_at: String(NOW / 1000 + 15),
    decline: "secret",
    ...changes,
  });
  if (read === undefined) throw new Error("no push");
  return read;
}

describe("a push", () => {
  it("is read as the node writes it, and nothing else is", () => {
    expect(push()).toEqual({ kind: "incoming", call: "01CALL-1", caller: "101", name: "Ann", title: "", text: "", reason: "", by: "", until: NOW + 15_000, decline: "secret" });
    for (const other of [undefined, null, 7, "incoming", {}, { kind: "ring" }]) expect(readPush(other)).toBeUndefined();
    expect(readPush({ kind: "cancel", call_id: 7 })?.call).toBe("");
  });

  it("of a call rings with its caller, to be answered or declined", () => {
    const shown = showOf(push(), en, undefined, NOW);
    expect(shown).toMatchObject({ title: "Ann", body: "is calling · 101", tag: "call:01CALL-1", rings: true });
    expect(shown.buttons.map((each) => each.action)).toEqual(["answer", "decline"]);
    expect(shown.data.decline).toBe("secret");
    expect(showOf(push({ caller_name: "" }), de, undefined, NOW)).toMatchObject({ title: "101", body: "ruft an" });
  });

  it.each([
    ["too late", undefined, NOW + 15_000],
    ["after its cancel", "over" as const, NOW],
  ])("that comes %s rings no more", (_, known, now) => {
    const shown = showOf(push(), en, known, now);
    expect(shown).toMatchObject({ title: "Missed call", body: "Ann (101)", rings: false, buttons: [], tag: "call:01CALL-1" });
    expect(shown.data).toMatchObject({ kind: "missed", decline: "" });
  });

  it("that takes a call back stands in the place of its ringing", () => {
    const shown = showOf(push({ kind: "cancel" }), en, "rings", NOW);
    expect(shown).toMatchObject({ title: "The call is over", rings: false, tag: "call:01CALL-1" });
    const over = (more: Readonly<Record<string, string>>, words = en) => showOf(push({ kind: "cancel", ...more }), words, "rings", NOW).title;
    expect(over({ reason: "elsewhere" })).toBe("Answered on another phone");
    expect(over({ reason: "elsewhere", by: "Ben" })).toBe("Answered by Ben");
    expect(over({ reason: "elsewhere", by: "Ben" }, de)).toBe("Ben hat angenommen");
    expect(over({ reason: "declined" })).toBe("Declined on another phone");
    expect(over({ reason: "gave_up" })).toBe("Missed call");
    expect(over({ reason: "something new" })).toBe("The call is over");
  });

  it("that is a test says so, and offers nothing to answer", () => {
    const shown = showOf(push({ call_id: "test-1f" }), en, undefined, NOW);
    expect(shown).toMatchObject({ title: "This device can be reached", rings: false, buttons: [] });
  });

  it("of news says from whom, and no more", () => {
    expect(showOf(push({ kind: "voicemail", call_id: "" }), en, undefined, NOW)).toMatchObject({ title: "New voice message", body: "Ann (101)", tag: "voicemail:101" });
    expect(showOf(push({ kind: "message", call_id: "" }), de, undefined, NOW).title).toBe("Neue Nachricht");
    expect(showOf(push({ kind: "missed", call_id: "" }), en, undefined, NOW)).toMatchObject({ title: "Missed call", tag: "missed:101" });
  });

  it("that nobody took back ends by itself", () => {
    const ringing = showOf(push(), en, undefined, NOW);
    expect(overdue(ringing.data, en)).toMatchObject({ title: "Missed call", body: "Ann (101)", tag: ringing.tag, rings: false, buttons: [] });
  });

  it("names who calls as well as it can", () => {
    expect(whoOf({ caller: "101", name: "101" }, en)).toBe("101");
    expect(whoOf({ caller: "", name: "Ann" }, en)).toBe("Ann");
    expect(whoOf({ caller: "", name: "" }, de)).toBe("Unbekannter Anrufer");
  });
});
