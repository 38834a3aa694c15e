/** What the tabs of a browser tell each other: one is the phone, the others show it and pass on what is pressed. */
import type { AppCallView } from "../schema.gen.ts";
import type { Quality } from "./quality.ts";
import type { CallView, LineState, PhoneLogin } from "./types.ts";

/** What pages need of a login; the password stays where the line is. */
export type PublicLogin = Pick<PhoneLogin, "extension" | "name" | "echo_test" | "voicemail" | "park_slots" | "emergency_numbers">;

export interface CallCard extends CallView {
  readonly info: AppCallView | undefined;
  readonly quality: Quality | undefined;
  /** Talks in the call of three. */
  readonly joined: boolean;
}

/** `insecure`: browsers lend no microphone to this page. `refused`: the node has said why in `fault`. */
export type Phase = "off" | "insecure" | "starting" | "on" | "unreachable" | "refused";

export interface PhoneView {
  readonly phase: Phase;
  readonly fault: string;
  readonly login: PublicLogin | undefined;
  readonly line: LineState | undefined;
  /** What the node says of this page's registration; undefined: it is not listed. */
  readonly node: boolean | null | undefined;
  readonly calls: readonly CallCard[];
}

export const NOTHING: PhoneView = { phase: "off", fault: "", login: undefined, line: undefined, node: undefined, calls: [] };

export type Command =
  | { readonly do: "dial"; readonly target: string; readonly name: string }
  | { readonly do: "answer" | "hangUp" | "forget" | "join"; readonly id: string }
  | { readonly do: "hold" | "mute"; readonly id: string; readonly on: boolean }
  | { readonly do: "keys"; readonly id: string; readonly keys: string }
  | { readonly do: "transfer"; readonly id: string; readonly to: string }
  | { readonly do: "connect"; readonly id: string; readonly with: string }
  | { readonly do: "part" | "wake" | "yield" };

export type TabMessage =
  | { readonly kind: "view"; readonly view: PhoneView }
  | { readonly kind: "hello" }
  | { readonly kind: "command"; readonly command: Command };
