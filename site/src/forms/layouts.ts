/**
 * The order of the fields of the larger forms: what most people need first, the rest folded away. A field that is not
 * named here stands in the last section, so that nothing the node knows is ever missing. Pure.
 */
import type { Data } from "./json.ts";

export interface FormSection {
  /** Names its title in the words of the page; without one, the section has none. */
  readonly title?: string;
  readonly fields: readonly string[];
  readonly folded?: boolean;
}

export interface FormLayout {
  readonly sections: readonly FormSection[];
  /** Fields that mean nothing while others are as they are. */
  readonly hidden?: (value: Data) => readonly string[];
}

const RECORDING: FormSection = { title: "recording", fields: ["record", "record_keep_days"], folded: true };

export const LAYOUTS: Readonly<Record<string, FormLayout>> = {
  ExtensionWrite: {
    sections: [
      { fields: ["number", "name", "department", "mailbox", "ring_timeout_s", "outside_number", "may_call"] },
      { title: "forwarding", fields: ["do_not_disturb", "forward", "forward_to"], folded: true },
      { title: "followMe", fields: ["follow_me"], folded: true },
      { title: "phone", fields: ["call_waiting", "wake_timeout_s", "pickup_group", "location", "sip_password", "enabled"], folded: true },
      RECORDING,
    ],
    hidden: (value) => (value["record"] === "default" ? ["record_keep_days"] : []),
  },
  RingGroup: {
    sections: [
      { fields: ["number", "name", "members", "strategy", "ring_timeout_s", "member_timeout_s", "overflow"] },
      { title: "details", fields: ["skip_busy", "name_prefix"], folded: true },
      RECORDING,
    ],
    hidden: (value) => [
      ...(value["strategy"] === "all" ? ["member_timeout_s"] : []),
      ...(value["record"] === "default" ? ["record_keep_days"] : []),
    ],
  },
  Queue: {
    sections: [
      { fields: ["number", "name", "agents", "strategy", "overflow"] },
      { title: "waiting", fields: ["max_wait_s", "max_callers", "announce_every_s", "join_needs", "stay_needs", "service_level_s"], folded: true },
      { title: "agents", fields: ["agent_timeout_s", "retry_s", "wrap_up_s", "auto_pause_after", "skip_busy", "name_prefix"], folded: true },
      { title: "preferred", fields: ["priority", "vips"], folded: true },
      { title: "callBack", fields: ["call_back_key", "call_back_as", "call_back_tries"], folded: true },
      RECORDING,
    ],
    hidden: (value) => [
      ...(value["call_back_key"] === null ? ["call_back_as", "call_back_tries"] : []),
      ...(value["record"] === "default" ? ["record_keep_days"] : []),
    ],
  },
  MailboxWrite: {
    sections: [
      { fields: ["number", "name", "pin", "emails", "greeting", "enabled"] },
      { title: "mail", fields: ["attach", "after_mail", "transcribe", "sound_format"], folded: true },
      { title: "messages", fields: ["max_message_s", "min_message_s", "silence_s", "max_messages", "retention_days", "bin_days"], folded: true },
      { title: "details", fields: ["lamps", "ask_pin", "operator", "star", "language"], folded: true },
    ],
  },
  TrunkWrite: {
    sections: [
      { fields: ["name", "id", "kind", "host", "register", "username", "password", "outside_number", "destination"] },
      { title: "connection", fields: ["transport", "port", "proxy", "auth_username", "from_domain", "expires_s", "accept_from", "check_every_s", "codecs", "max_channels"], folded: true },
      { title: "numbersOut", fields: ["number_format", "strip_digits", "prefix", "caller_id", "from_shows", "show_names", "forwarded_caller"], folded: true },
      { title: "numbersIn", fields: ["called_strip_digits", "called_prefix", "callback_prefix"], folded: true },
      { title: "details", fields: ["enabled"], folded: true },
      RECORDING,
    ],
    hidden: (value) => [
      ...(value["register"] === false ? ["expires_s"] : []),
      ...(value["record"] === "default" ? ["record_keep_days"] : []),
    ],
  },
  InboundNumber: {
    sections: [
      { fields: ["number", "last", "name", "destination", "trunk"] },
      { title: "details", fields: ["priority"], folded: true },
      RECORDING,
    ],
    hidden: (value) => (value["record"] === "default" ? ["record_keep_days"] : []),
  },
  OutboundRoute: {
    sections: [
      { fields: ["name", "id", "patterns", "trunks", "reach"] },
      { title: "rewriting", fields: ["strip_digits", "prefix"], folded: true },
      { title: "details", fields: ["position", "enabled"], folded: true },
    ],
  },
  ConferenceWrite: {
    sections: [
      { fields: ["number", "name", "pin", "moderator_pin", "moderators"] },
      { title: "details", fields: ["max_members", "wait_for_moderator", "end_without_moderator", "mute_on_join", "announce", "record", "dials_as"], folded: true },
    ],
  },
  Schedule: {
    sections: [
      { fields: ["name", "id", "hours"] },
      { title: "holidays", fields: ["holiday_country", "holiday_region", "special_days"] },
      { title: "details", fields: ["time_zone"], folded: true },
    ],
  },
  Limit: {
    sections: [
      { fields: ["name", "id", "counts", "extensions", "trunks"] },
      { title: "limits", fields: ["calls_at_once", "calls_per_hour", "calls_per_day", "minutes_per_hour", "minutes_per_day", "minutes_per_call"] },
      { title: "allowed", fields: ["countries", "premium", "refused_prefixes", "hours", "time_zone"], folded: true },
      { title: "details", fields: ["end_calls", "warn_s", "enabled"], folded: true },
    ],
    hidden: (value) => [
      ...(value["counts"] === "extension" ? [] : ["extensions"]),
      ...(value["counts"] === "trunk" ? [] : ["trunks"]),
    ],
  },
};
