/** One call of a line over JsSIP: its state as it goes, and what can be done with it. */
import type { IncomingEvent, OutgoingEvent, RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRequest, IncomingResponse } from "jssip/lib/SIPMessage";
import { causeOf } from "./causes.ts";
import { calledOf, PUSH_HEADER } from "./headers.ts";
import { readStats, type CallStats } from "./quality.ts";
import type { CallView, Peer, PhoneCall, Sound } from "./types.ts";

export interface CallPorts {
  readonly sound: Sound;
  readonly iceServers: () => readonly RTCIceServer[];
  readonly uriOf: (user: string) => string;
  readonly changed: () => void;
  readonly ended: (call: SipCall) => void;
}

/** Keys are sent as RFC 4733 by the browser itself; JsSIP's own way is INFO. */
const TONE_MS = 100;
const GAP_MS = 70;
const REOFFER_AGAIN_MS = 150;

export class SipCall implements PhoneCall {
  view: CallView;
  session: RTCSession | undefined;
  private microphone: MediaStream | undefined;
  private hungUp = false;
  private wantsHold = false;
  private holding: ReturnType<typeof setTimeout> | undefined;
  /** What is heard from the other side. */
  remote: MediaStream | undefined;
  /** What this call has proved about audio; the line asks when it ends. */
  last: CallStats | undefined;

  constructor(
    view: CallView,
    private readonly ports: CallPorts,
  ) {
    this.view = view;
  }

  get id(): string {
    return this.view.id;
  }

  /** The SIP Call-ID, by which the node knows the call. */
  get sipId(): string {
    const request = (this.session as unknown as { _request?: { call_id?: string } } | undefined)?._request;
    return request?.call_id ?? this.view.id;
  }

  get direction(): CallView["direction"] {
    return this.view.direction;
  }

  get peer(): Peer {
    return this.view.peer;
  }

  get state(): CallView["state"] {
    return this.view.state;
  }

  private set(change: Partial<CallView>): void {
    this.view = { ...this.view, ...change };
    this.ports.changed();
  }

  /** Connects this call with its session: everything that happens there is told here. */
  attach(session: RTCSession): void {
    this.session = session;
    session.on("peerconnection", ({ peerconnection }) => this.listen(peerconnection));
    // The node answers connectivity checks and sends none: one candidate of ours is enough, and waiting costs seconds.
    session.on("icecandidate", ({ ready }) => ready());
    session.on("progress", (event: IncomingEvent | OutgoingEvent) => {
      // For a call that comes in there is no response, whatever the types say.
      const response = "response" in event ? (event.response as IncomingResponse | null) : null;
      if (response !== null) this.set({ state: "ringing", earlyMedia: this.view.earlyMedia || Boolean(response.body) });
    });
    session.on("accepted", () => this.set({ state: "talking", answeredAt: Date.now() }));
    session.on("hold", ({ originator }) => this.holds(originator, true));
    session.on("unhold", ({ originator }) => this.holds(originator, false));
    session.on("muted", () => this.set({ muted: true }));
    session.on("unmuted", () => this.set({ muted: false }));
    session.on("ended", ({ originator, cause, message }) => this.finish(originator, cause, message));
    session.on("failed", ({ originator, cause, message }) => this.finish(originator, cause, message));
    session.on("reinvite", ({ request }) => this.renamed(request));
    session.on("update", ({ request }) => this.renamed(request));
  }

  /** Whether the node moved us to somebody else (a transfer): From of a re-INVITE, or P-Asserted-Identity. */
  private renamed(request: IncomingRequest): void {
    const identity = identityOf(request);
    if (identity !== undefined && identity.number !== "") this.set({ peer: identity });
  }

  incoming(request: IncomingRequest): void {
    this.view = {
      ...this.view,
      called: calledOf((name) => request.getHeader(name), this.view.called?.number ?? ""),
      push: request.getHeaders(PUSH_HEADER)[0] ?? "",
    };
  }

  private holds(originator: unknown, on: boolean): void {
    if (originator === "local") this.set({ held: on });
    else this.set({ heldThere: on });
  }

  listen(connection: RTCPeerConnection): void {
    connection.addEventListener("track", ({ track }) => {
      // Of our own: the browser takes the track out of its stream while one side holds.
      this.remote = new MediaStream([track]);
      this.ports.sound.play(this.id, this.remote);
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      if (connection.iceConnectionState === "disconnected") this.findAnotherWay();
    });
  }

  /** The way to the node broke (another network, a cable): new candidates, the same call (RFC 8445 2.4). */
  findAnotherWay(): void {
    if (this.state !== "talking" || this.session?.isReadyToReOffer() !== true) return;
    this.session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  }

  /** What both directions need to be put through. */
  async media(): Promise<{ mediaStream: MediaStream; pcConfig: RTCConfiguration }> {
    const mediaStream = await this.ports.sound.microphone();
    if (this.state === "ended") {
      stop(mediaStream);
      throw new DOMException("the call is over", "AbortError");
    }
    this.microphone = mediaStream;
    return { mediaStream, pcConfig: { iceServers: [...this.ports.iceServers()], bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" } };
  }

  /** Another microphone for a call that goes on. */
  async changeMicrophone(): Promise<void> {
    const sender = this.connection()?.getSenders().find((each) => each.track?.kind === "audio");
    if (sender === undefined || this.state === "ended") return;
    const fresh = await this.ports.sound.microphone();
    const track = fresh.getAudioTracks()[0];
    if (track === undefined) return;
    track.enabled = sender.track?.enabled ?? true;
    await sender.replaceTrack(track);
    stop(this.microphone);
    this.microphone = fresh;
  }

  /** Sends something else than the microphone: what several say together; undefined: the microphone again. */
  async send(track: MediaStreamTrack | undefined): Promise<void> {
    const sender = this.connection()?.getSenders().find((each) => each.track?.kind === "audio");
    const own = this.microphone?.getAudioTracks()[0] ?? null;
    if (own !== null && track === undefined) own.enabled = !this.view.muted;
    await sender?.replaceTrack(track ?? own);
  }

  async answer(): Promise<void> {
    if (this.direction !== "in" || this.state !== "ringing" || this.session === undefined) return;
    this.set({ state: "connecting" });
    try {
      const media = await this.media();
      this.session.answer(media);
    } catch (reason) {
      this.refuse(reason);
    }
  }

  /** No microphone, no call: the other side is told, and the page says why. */
  refuse(reason: unknown): void {
    if (this.state === "ended") return;
    const name = reason instanceof DOMException ? reason.name : "";
    const cause = name === "NotAllowedError" ? "microphone_refused" : name === "AbortError" ? "cancelled" : "no_microphone";
    this.over({ cause });
    this.session?.terminate({ status_code: 480 });
  }

  hangUp(): void {
    if (this.state === "ended") return;
    this.hungUp = true;
    if (this.session === undefined) {
      this.over({ cause: "cancelled" });
      return;
    }
    const ringing = this.direction === "in" && (this.state === "ringing" || this.state === "connecting");
    this.session.terminate(ringing ? { status_code: 603, reason_phrase: "Decline" } : {});
  }

  /** One re-INVITE at a time (RFC 3261 14.1): what is wanted meanwhile is done after it. */
  hold(on: boolean): void {
    this.wantsHold = on;
    clearTimeout(this.holding);
    const { session } = this;
    if (this.state !== "talking" || session === undefined || session.isOnHold().local === on) return;
    const sent = on ? session.hold() : session.unhold();
    if (!sent) this.holding = setTimeout(() => this.hold(this.wantsHold), REOFFER_AGAIN_MS);
  }

  mute(on: boolean): void {
    if (on) this.session?.mute({ audio: true });
    else this.session?.unmute({ audio: true });
  }

  dtmf(keys: string): void {
    const wanted = keys.replace(/[^0-9A-D*#,]/gi, "").toUpperCase();
    if (wanted === "" || this.state === "ended") return;
    this.set({ digits: this.view.digits + wanted.replaceAll(",", "") });
    const sender = this.connection()?.getSenders().find((each) => each.dtmf?.canInsertDTMF === true);
    if (sender?.dtmf) sender.dtmf.insertDTMF(sender.dtmf.toneBuffer + wanted, TONE_MS, GAP_MS);
    else this.session?.sendDTMF(wanted, { duration: TONE_MS, interToneGap: 500 });
  }

  transfer(to: string | PhoneCall): void {
    if (this.state !== "talking" || this.session === undefined) return;
    const other = typeof to === "string" ? undefined : to;
    const replaces = other instanceof SipCall ? other.session : undefined;
    this.set({ transfer: "trying" });
    this.session.refer(this.ports.uriOf(typeof to === "string" ? to : to.peer.number), {
      ...(replaces === undefined ? {} : { replaces }),
      eventHandlers: {
        progress: () => this.set({ transfer: "ringing" }),
        accepted: () => {
          this.set({ transfer: "done" });
          // Who was sent on is no longer ours; the node hangs up too, whoever comes first.
          this.hangUp();
        },
        failed: () => this.set({ transfer: "failed" }),
        requestFailed: () => this.set({ transfer: "failed" }),
      },
    });
  }

  async stats(): Promise<CallStats | undefined> {
    const connection = this.connection();
    if (connection === undefined || connection.connectionState === "closed") return this.last;
    const entries: unknown[] = [];
    (await connection.getStats()).forEach((entry: unknown) => entries.push(entry));
    this.last = readStats(entries, Date.now());
    return this.last;
  }

  private connection(): RTCPeerConnection | undefined {
    // JsSIP has none before it is put through, whatever its types say.
    const connection: RTCPeerConnection | null | undefined = this.session?.connection;
    return connection ?? undefined;
  }

  private finish(originator: unknown, cause: string, message: IncomingRequest | IncomingResponse | null): void {
    const status = message !== null && "status_code" in message ? message.status_code : 0;
    const reason = message?.getHeader("Reason") ?? "";
    const end = causeOf({
      cause,
      status,
      reason,
      here: originator === "local" || this.hungUp,
      incoming: this.direction === "in",
      answered: this.view.answeredAt !== undefined,
    });
    this.over({ cause: end, status });
  }

  private over(end: Partial<CallView>): void {
    if (this.state === "ended") return;
    stop(this.microphone);
    this.microphone = undefined;
    this.ports.sound.stop(this.id);
    this.view = { ...this.view, ...end, state: "ended", endedAt: Date.now(), held: false, heldThere: false };
    this.ports.ended(this);
    this.ports.changed();
  }
}

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

/** Who calls, by what the node vouches for, else by From. */
export function identityOf(request: IncomingRequest): Peer | undefined {
  const asserted = request.getHeader("P-Asserted-Identity") as string | undefined;
  const from = /^\s*(?:"((?:[^"\\]|\\.)*)"|([^<"]*?))\s*<sips?:([^@>;]*)/.exec(asserted ?? "");
  if (from !== null) {
    const name = (from[1] ?? from[2] ?? "").replaceAll(/\\(.)/g, "$1");
    return { number: decode(from[3] ?? ""), name };
  }
  const { uri, display_name: name } = request.from as { uri: { user: string | null }; display_name: string | null };
  return { number: decode(uri.user ?? ""), name: name ?? "" };
}

function decode(user: string): string {
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}
