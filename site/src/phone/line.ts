/**
 * A phone line in the page: registered at the node over SIP in a WebSocket (RFC 7118), its calls over WebRTC.
 *
 * The only files that know JsSIP are this one and `call.ts`. No React: whoever draws it subscribes.
 */
import { UA, WebSocketInterface } from "jssip";
import type { IncomingRequest, OutgoingRequest } from "jssip/lib/SIPMessage";
import type { RTCSession } from "jssip/lib/RTCSession";
import { identityOf, SipCall, type CallPorts } from "./call.ts";
import { proofOf } from "./quality.ts";
import { pageSound } from "./sound.ts";
import type { CallView, DialOptions, Line, LineState, PhoneCall, PhoneLogin, Sound } from "./types.ts";

export type { CallView, Line, LineState, PhoneCall, PhoneLogin } from "./types.ts";

/** An open WebSocket says nothing of the way behind it: the node is asked this often, and has this long. */
const ASK_EVERY_MS = 20_000;
const ANSWER_WITHIN_MS = 6_000;
const OPEN_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 1_000;
const REGISTER_FOR_S = 300;

export interface LineOptions {
  /** False: a line for calls from here only, which nobody can ring. */
  readonly register?: boolean;
}

export function createLine(login: PhoneLogin, sound: Sound = pageSound(), { register = true }: LineOptions = {}): Line {
  return new SipLine(login, sound, register);
}

/** What JsSIP has and its types do not say. */
interface Arrived {
  readonly originator: string;
  readonly session: RTCSession;
  readonly request: IncomingRequest | OutgoingRequest;
}


interface Inside {
  readonly transport: { connect(): void; disconnect(): void };
  sendOptions(target: string, body: string | undefined, options: { eventHandlers: Record<string, (event: { originator?: string }) => void> }): void;
}

type Invite = IncomingRequest & { readonly call_id: string };

class SipLine implements Line {
  login: PhoneLogin;
  calls: readonly SipCall[] = [];
  state: LineState = {
    link: "connecting",
    registered: false,
    reachedAt: undefined,
    refusal: undefined,
    contact: "",
    audio: "unknown",
    audioAt: undefined,
  };
  private readonly ua: UA;
  private readonly listeners = new Set<() => void>();
  private readonly ports: CallPorts;
  private readonly asking: ReturnType<typeof setInterval>;
  private readonly looking: ReturnType<typeof setInterval>;
  private readonly forgetMicrophone: () => void;
  private overdue: ReturnType<typeof setTimeout> | undefined;
  private again: ReturnType<typeof setTimeout> | undefined;
  private refusals = 0;
  private closed = false;

  constructor(
    login: PhoneLogin,
    sound: Sound,
    private readonly register: boolean,
  ) {
    this.login = login;
    this.ports = {
      sound,
      iceServers: () => this.login.ice_servers.map((each) => ({ ...each, urls: [each.urls].flat() }) as RTCIceServer),
      uriOf: (user) => this.uriOf(user),
      changed: () => this.tell(),
      ended: (call) => this.ended(call),
    };
    this.ua = new UA({
      // The first is where the page is from; pages may not connect to others, and JsSIP would take any.
      sockets: login.web_sockets.slice(0, 1).map((url) => new WebSocketInterface(url)),
      uri: login.uri,
      authorization_user: login.authorization_username,
      password: login.password,
      display_name: login.name,
      instance_id: login.instance.replace(/^urn:uuid:/, ""),
      register_expires: REGISTER_FOR_S,
      register: this.register,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 20,
      user_agent: "Bellwire browser phone",
      session_timers: true,
      no_answer_timeout: 180,
    });
    this.listen();
    this.forgetMicrophone = sound.onMicrophone(() => {
      for (const call of this.calls) call.changeMicrophone().catch(() => undefined);
    });
    this.asking = setInterval(() => this.ask(), ASK_EVERY_MS);
    this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.ua.start();
  }

  private listen(): void {
    this.ua.on("connecting", () => {
      this.set({ link: "connecting" });
      clearTimeout(this.overdue);
      this.overdue = setTimeout(() => this.openAnew("waiting"), OPEN_WITHIN_MS);
    });
    this.ua.on("connected", () => {
      clearTimeout(this.overdue);
      this.set({ link: "open" });
      for (const call of this.calls) call.findAnotherWay();
    });
    this.ua.on("disconnected", () => this.set({ link: this.closed ? "closed" : "waiting", registered: false, reachedAt: undefined }));
    this.ua.on("registered", () => {
      this.refusals = 0;
      this.set({ registered: true, refusal: undefined, contact: contactUser(this.ua) });
    });
    this.ua.on("unregistered", () => this.set({ registered: false }));
    this.ua.on("registrationFailed", ({ response, cause }) => {
      const status = (response as { status_code?: number } | null)?.status_code ?? 0;
      const reason = (response as { reason_phrase?: string } | null)?.reason_phrase ?? cause ?? "";
      this.set({ registered: false, refusal: { status, reason } });
      this.registerAgain();
    });
    this.ua.on("newOptions", ({ originator }: { originator: string }) => {
      if (originator === "remote") this.set({ reachedAt: Date.now() });
    });
    this.ua.on("newRTCSession", (event: Arrived) => {
      if (event.originator === "remote") this.ring(event.session, event.request as Invite);
    });
    window.addEventListener("online", this.wake);
  }

  /** A refused registration is tried again by nobody else; one that lacks the right password waits for `renew`. */
  private registerAgain(): void {
    clearTimeout(this.again);
    this.refusals += 1;
    const wait = Math.min(60_000, 1000 * 2 ** this.refusals);
    this.again = setTimeout(() => {
      if (this.ua.isConnected() && !this.state.registered) this.ua.register();
    }, wait);
  }

  private ring(session: RTCSession, request: Invite): void {
    this.state = { ...this.state, reachedAt: Date.now() };
    const call = new SipCall(
      fresh({ id: request.call_id, direction: "in", state: "ringing", peer: identityOf(request) ?? { number: "", name: "" } }),
      this.ports,
    );
    call.view = { ...call.view, called: { number: this.login.extension, name: "" } };
    call.incoming(request);
    call.attach(session);
    this.calls = [...this.calls, call];
    this.tell();
  }

  dial(target: string, options: DialOptions = {}): PhoneCall {
    const view = fresh({ id: crypto.randomUUID(), direction: "out", state: "dialling", peer: { number: target, name: options.name ?? "" } });
    const call = new SipCall(view, this.ports);
    // One voice at a time: who talks now waits, and stays in sight.
    for (const other of this.calls) if (other.state === "talking" && !other.view.held) other.hold(true);
    this.calls = [...this.calls, call];
    this.tell();
    void this.place(call, target, options);
    return call;
  }

  private async place(call: SipCall, target: string, { extraHeaders = [] }: DialOptions): Promise<void> {
    try {
      const media = await call.media();
      // The connection is made before `call` returns, everything else happens after.
      const eventHandlers = { peerconnection: ({ peerconnection }: { peerconnection: RTCPeerConnection }) => call.listen(peerconnection) };
      call.attach(this.ua.call(this.uriOf(target), { ...media, eventHandlers, extraHeaders: [...extraHeaders] }));
    } catch (reason) {
      call.refuse(reason);
    }
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  renew(login: PhoneLogin): void {
    this.login = login;
    this.ua.set("authorization_user", login.authorization_username);
    this.ua.set("password", login.password);
    this.refusals = 0;
    if (this.register && this.ua.isConnected()) this.ua.register();
    this.tell();
  }

  readonly wake = (): void => {
    if (this.closed) return;
    if (this.state.link === "waiting" && !this.ua.isConnected()) this.inside.transport.connect();
    else if (this.state.link === "open") {
      this.ask();
      if (this.register && !this.state.registered) this.ua.register();
    }
    for (const call of this.calls) call.findAnotherWay();
  };

  forget(id: string): void {
    this.calls = this.calls.filter((each) => each.id !== id || each.state !== "ended");
    this.tell();
  }

  close(): void {
    this.closed = true;
    clearInterval(this.asking);
    clearInterval(this.looking);
    clearTimeout(this.overdue);
    clearTimeout(this.again);
    window.removeEventListener("online", this.wake);
    this.forgetMicrophone();
    this.ua.stop();
    this.set({ link: "closed", registered: false });
  }

  private get inside(): Inside {
    return this.ua as unknown as Inside;
  }

  /** Whether the node is there behind the open WebSocket. Any answer will do; none closes it, so that it opens anew. */
  private ask(): void {
    if (!this.ua.isConnected()) return;
    const answered = (event?: { originator?: string }) => {
      if (event?.originator !== "remote") return;
      clearTimeout(this.overdue);
      if (this.state.link === "silent") this.set({ link: "open" });
    };
    clearTimeout(this.overdue);
    this.overdue = setTimeout(() => this.openAnew("silent"), ANSWER_WITHIN_MS);
    this.inside.sendOptions(this.uriOf(this.login.extension), undefined, { eventHandlers: { succeeded: answered, failed: answered } });
  }

  private openAnew(link: "waiting" | "silent"): void {
    this.inside.transport.disconnect();
    this.set({ link, registered: false });
    this.inside.transport.connect();
  }

  private async look(): Promise<void> {
    for (const call of this.calls) {
      if (call.state !== "talking" || call.view.held || call.view.heldThere) continue;
      const stats = await call.stats().catch(() => undefined);
      const since = call.view.answeredAt;
      if (stats === undefined || since === undefined || stats.at - since < 2 * LOOK_EVERY_MS) continue;
      const audio = proofOf(stats);
      if (audio !== this.state.audio || stats.at - (this.state.audioAt ?? 0) > 30_000) this.set({ audio, audioAt: stats.at });
    }
  }

  private ended(call: SipCall): void {
    if (call.view.cause === "no_microphone" || call.view.cause === "microphone_refused") this.set({ audio: "not_heard", audioAt: Date.now() });
  }

  private uriOf(user: string): string {
    const host = /@([^;>]+)/.exec(this.login.uri)?.[1] ?? "localhost";
    return `sip:${encodeURIComponent(user).replaceAll("%2B", "+")}@${host}`;
  }

  private set(change: Partial<LineState>): void {
    this.state = { ...this.state, ...change };
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

function fresh(view: Pick<CallView, "id" | "direction" | "state" | "peer">): CallView {
  return {
    ...view,
    called: undefined,
    record: "",
    push: "",
    held: false,
    heldThere: false,
    muted: false,
    startedAt: Date.now(),
    answeredAt: undefined,
    endedAt: undefined,
    cause: undefined,
    status: 0,
    transfer: undefined,
    earlyMedia: false,
    digits: "",
  };
}

function contactUser(ua: UA): string {
  return /sip:([^@;>]+)@/.exec(ua.contact.toString())?.[1] ?? "";
}
