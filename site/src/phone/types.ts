/** What a line and its calls are, for whoever draws them. No JsSIP, no React. */
import type { CallStats } from "./quality.ts";

/** What `POST /api/v1/app/browser-phone` answers. */
export interface PhoneLogin {
  readonly extension: string;
  readonly name: string;
  readonly uri: string;
  readonly authorization_username: string;
  readonly password: string;
  readonly expires_at: string;
  readonly instance: string;
  readonly web_sockets: readonly string[];
  readonly ice_servers: readonly IceServer[];
  readonly echo_test?: string;
  readonly voicemail?: string;
  readonly park_slots?: readonly string[];
  readonly emergency_numbers?: readonly string[];
}

export interface IceServer {
  readonly urls: string | readonly string[];
  readonly username?: string | undefined;
  readonly credential?: string | undefined;
}

/** `silent`: the WebSocket is open, but nobody answers there. */
export type Link = "connecting" | "open" | "silent" | "waiting" | "closed";

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

/** Which way audio was heard in the last call, by its packets. `unknown`: there was no call yet. */
export type AudioProof = "unknown" | "works" | "not_heard" | "not_hearing" | "none";

export interface LineState {
  readonly link: Link;
  /** The node has taken the registration. */
  readonly registered: boolean;
  /** When the node last reached this page by itself: an OPTIONS or a call (ms). */
  readonly reachedAt: number | undefined;
  readonly refusal: Refusal | undefined;
  /** The user part of this page's contact, by which the node's list of registrations knows it. */
  readonly contact: string;
  readonly audio: AudioProof;
  readonly audioAt: number | undefined;
}

export interface Peer {
  readonly number: string;
  readonly name: string;
}

export type CallState = "dialling" | "ringing" | "connecting" | "talking" | "ended";

/** A person's word for why it ended, to be put in words by the page. */
export type EndCause =
  | "hung_up"
  | "busy"
  | "no_answer"
  | "declined"
  | "cancelled"
  | "elsewhere"
  | "not_found"
  | "unreachable"
  | "not_allowed"
  | "no_microphone"
  | "microphone_refused"
  | "no_codec"
  | "connection"
  | "failed";

export type TransferState = "trying" | "ringing" | "done" | "failed";

export interface CallView {
  readonly id: string;
  readonly direction: "in" | "out";
  readonly peer: Peer;
  readonly state: CallState;
  /** The number that was called, where it is not this extension: a queue, a group, a number outside. */
  readonly called: Peer | undefined;
  /** The node's id of the call; empty while it is not known. */
  readonly record: string;
  /** The push that this page was woken by for it; empty: none. */
  readonly push: string;
  readonly held: boolean;
  readonly heldThere: boolean;
  readonly muted: boolean;
  readonly startedAt: number;
  readonly answeredAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly cause: EndCause | undefined;
  readonly status: number;
  readonly transfer: TransferState | undefined;
  /** The other side is heard before it has answered: then no ringing tone is played. */
  readonly earlyMedia: boolean;
  readonly digits: string;
}

export interface DialOptions {
  readonly extraHeaders?: readonly string[];
  /** What to show until the other side says more. */
  readonly name?: string;
}

export interface PhoneCall {
  readonly id: string;
  /** The SIP Call-ID, by which the node knows the call; empty before it was put through. */
  readonly sipId: string;
  readonly direction: "in" | "out";
  readonly peer: Peer;
  readonly state: CallState;
  readonly view: CallView;
  answer(): Promise<void>;
  /** Declines what rings, cancels what was dialled, ends what talks. */
  hangUp(): void;
  /** What is heard from the other side, once it is. */
  readonly remote: MediaStream | undefined;
  /** Sends this in place of the microphone; undefined: the microphone again. */
  send(track: MediaStreamTrack | undefined): Promise<void>;
  hold(on: boolean): void;
  mute(on: boolean): void;
  dtmf(keys: string): void;
  /** To a number, or to the other side of another call of this line (attended). */
  transfer(to: string | PhoneCall): void;
  stats(): Promise<CallStats | undefined>;
}

export interface Line {
  readonly login: PhoneLogin;
  readonly state: LineState;
  readonly calls: readonly PhoneCall[];
  dial(target: string, options?: DialOptions): PhoneCall;
  /** Told after every change; `state`, and `view` of a call, are new objects then. */
  subscribe(listener: () => void): () => void;
  /** A newer password; calls that go on are not touched. */
  renew(login: PhoneLogin): void;
  /** Try at once where the line waits. */
  wake(): void;
  /** Removes a call that has ended from `calls`. */
  forget(id: string): void;
  close(): void;
}

/** The ears and the mouth of a line. */
export interface Sound {
  /** A microphone for one call, which the line stops. Rejects with a `DOMException` of `getUserMedia`. */
  microphone(): Promise<MediaStream>;
  play(call: string, stream: MediaStream): void;
  stop(call: string): void;
  /** Another microphone was chosen: every call gets a new track. */
  onMicrophone(listener: () => void): () => void;
}
