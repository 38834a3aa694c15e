/** Records as the node sends them, with what a test does not care about filled in. */
import type { Cdr, Extension, ExtensionState, LiveCall, LiveLeg, RegistrationView, Sound } from "../src/schema.gen.ts";

export const AT = "2026-03-02T09:00:00Z";

export function at(seconds: number): string {
  return new Date(Date.parse(AT) + seconds * 1000).toISOString();
}

export function leg(name: string, party: string, state: string, audio = "none", sound: Partial<LiveLeg> = {}): LiveLeg {
  return { leg: name, party, extension: null, state, audio, heard: null, told: null, codec: "", transcoded: false, ...sound };
}

export function sound(grade: string, cause = "", loss = 0, jitter_ms = 1.2): Sound {
  return { mos: grade === "good" ? 4.4 : grade === "fair" ? 3.8 : 2.7, grade, cause, loss, jitter_ms };
}

export function liveCall(changes: Partial<LiveCall> = {}): LiveCall {
  return {
    id: "c1",
    from_number: "101",
    from_name: "Alice",
    dialled: "102",
    to_name: "Bob",
    state: "ringing",
    started_at: AT,
    answered_at: null,
    legs: [leg("a", "101", "dialling"), leg("b1", "102", "ringing")],
    flow: null,
    flow_path: [],
    recording: "off",
    parked: "",
    supervisors: [],
    ...changes,
  };
}

export function talking(...legs: readonly LiveLeg[]): LiveCall {
  return liveCall({ state: "talking", answered_at: at(4), legs });
}

export function extension(number: string, name: string, enabled = true): Extension {
  return {
    number,
    name,
    department: "",
    forward_to: null,
    enabled,
    ring_timeout_s: 30,
    wake_timeout_s: 15,
    may_call: "international",
    do_not_disturb: false,
    call_waiting: true,
    forward: { always: null, busy: null, no_answer: null, unreachable: null },
    follow_me: {
      enabled: false,
      strategy: "in_order",
      own_phones: true,
      confirm: true,
      caller_hears: "ringback",
      numbers: [],
    },
    mailbox: null,
    pickup_group: null,
    outside_number: null,
    record: "default",
    record_keep_days: null,
    location: "",
  };
}

export function extensionState(number: string, state: ExtensionState["state"] = "free"): ExtensionState {
  return { number, state, registered: true, do_not_disturb: false, calls: 0, with_number: "", with_name: "" };
}

export function registration(id: string, number: string, userAgent = "Yealink"): RegistrationView {
  return {
    id,
    extension: number,
    contact: `sip:${number}@192.0.2.31`,
    transport: "UDP",
    source: "192.0.2.31:5062",
    user_agent: userAgent,
    registered_at: AT,
    expires_at: at(3600),
    reachable: null,
    round_trip_ms: null,
    checked_at: null,
    notice: "",
  };
}

export function cdr(changes: Partial<Cdr> = {}): Cdr {
  return {
    id: "c1",
    from_number: "101",
    from_name: "Alice",
    from_extension: "101",
    dialled: "102",
    to_extension: "102",
    to_name: "Bob",
    answered_by: "102",
    source: "192.0.2.31:5062",
    started_at: AT,
    answered_at: at(4),
    ended_at: at(64),
    disposition: "answered",
    cause: "normal",
    sip_status: 0,
    hung_up_by: "b1",
    duration_s: 64,
    talk_s: 60,
    interrupted: false,
    continued_in: null,
    legs: [],
    recordings: [],
    flow: "",
    test: false,
    direction: "internal",
    did: null,
    trunk: null,
    queue: null,
    wait_s: 4,
    missed: false,
    events: [],
    ...changes,
  };
}
