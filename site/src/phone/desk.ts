/**
 * The phone of this browser: which tab it lives in, its login, its calls with all that is known of them.
 *
 * One tab holds the lock and is the phone; the others show what it says and pass on what is pressed there. No React.
 */
import { request } from "../api/client.ts";
import { HISTORY, queryClient } from "../api/queries.ts";
import { backoffMs } from "../core/backoff.ts";
import { RequestFault } from "../core/problem.ts";
import { liveClient } from "../live/useLive.ts";
import { asDevice, device } from "../pocket/device.ts";
import type { AppCallView } from "../schema.gen.ts";
import { readChoice, writeChoice } from "../shell/stored.ts";
import { Meeting } from "./meeting.ts";
import { NOTHING, type CallCard, type Command, type PhoneView, type TabMessage } from "./protocol.ts";
import { judge, type CallStats, type Quality } from "./quality.ts";
import { canCall, pageSound } from "./sound.ts";
import { signalFor, type Signal } from "./signals.ts";
import type { CallView, Line, PhoneLogin } from "./types.ts";

const ON = "bellwire.phone.on";
const LOOK_EVERY_MS = 1000;
/** Quality is judged over so long. */
const OVER_MS = 3000;
/** A call that is over stays in sight until it is put away, unless nothing can be noted about it. */
const GONE_AFTER_MS = 6000;

export class Desk {
  view: PhoneView = NOTHING;
  /** Whether the line is in this tab. */
  here = false;
  private extension = "";
  private line: Line | undefined;
  private channel: BroadcastChannel | undefined;
  private release: (() => void) | undefined;
  private waiting: AbortController | undefined;
  private turn = 0;
  private attempt = 0;
  private readonly listeners = new Set<() => void>();
  private readonly infos = new Map<string, AppCallView>();
  private readonly parties = new Map<string, string>();
  private readonly asked = new Set<string>();
  private readonly samples = new Map<string, CallStats[]>();
  private readonly qualities = new Map<string, Quality>();
  private meeting: Meeting | undefined;
  private signal: Signal | undefined;
  private timers: ReturnType<typeof setTimeout>[] = [];
  private looking: ReturnType<typeof setInterval> | undefined;
  private forgetLive: (() => void) | undefined;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): PhoneView => this.view;
  readonly isHere = (): boolean => this.here;

  /** Somebody with an extension is signed in. The line opens where it was wanted before. */
  enter(extension: string): void {
    if (this.extension === extension) return;
    this.leave();
    this.extension = extension;
    if (!canCall()) {
      this.show({ phase: "insecure" });
      return;
    }
    this.channel = new BroadcastChannel(`bellwire-phone-${extension}`);
    this.channel.onmessage = ({ data }: MessageEvent<TabMessage>) => this.hear(data);
    this.say({ kind: "hello" });
    if (this.wanted) this.open();
  }

  /** Signed out, or somebody else: nothing of the line stays. */
  leave(): void {
    this.close();
    this.channel?.close();
    this.channel = undefined;
    this.extension = "";
    this.infos.clear();
    this.set(NOTHING);
  }

  get wanted(): boolean {
    return readChoice(ON) === this.extension;
  }

  turnOn(): void {
    if (this.extension === "" || !canCall()) return;
    writeChoice(ON, this.extension);
    this.open();
  }

  turnOff(): void {
    writeChoice(ON, "");
    this.close();
    this.set(NOTHING);
  }

  /** Waits for its turn to be the phone; another tab may be it for as long as it is open. */
  private open(): void {
    if (this.waiting !== undefined) return;
    this.waiting = new AbortController();
    const { signal } = this.waiting;
    navigator.locks
      .request(`bellwire-phone-${this.extension}`, { signal }, () => {
        this.here = true;
        void this.start();
        return new Promise<void>((resolve) => {
          this.release = resolve;
        });
      })
      .catch(() => undefined);
  }

  private close(): void {
    this.turn += 1;
    this.waiting?.abort();
    this.waiting = undefined;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
    clearInterval(this.looking);
    this.forgetLive?.();
    this.forgetLive = undefined;
    void this.meeting?.close();
    this.meeting = undefined;
    this.line?.close();
    this.line = undefined;
    this.ring(undefined);
    this.here = false;
    this.release?.();
    this.release = undefined;
  }

  private async start(): Promise<void> {
    const turn = ++this.turn;
    this.show({ phase: "starting", fault: "" });
    try {
      const [login, { createLine }] = await Promise.all([this.logIn(), import("./line.ts")]);
      if (turn !== this.turn) return;
      this.attempt = 0;
      this.line = createLine(login);
      this.line.subscribe(() => this.changed());
      this.looking = setInterval(() => void this.look(), LOOK_EVERY_MS);
      this.forgetLive = liveClient.subscribe(() => {
        this.follow();
        this.changed();
      });
      this.renewBefore(login);
      this.changed();
    } catch (reason) {
      if (turn !== this.turn) return;
      const refused = reason instanceof RequestFault && reason.status >= 400 && reason.status < 500;
      this.show({ phase: refused ? "refused" : "unreachable", fault: reason instanceof RequestFault ? reason.detail : "" });
      if (!refused) this.later(() => void this.start(), backoffMs(this.attempt++, Math.random()));
    }
  }

  /** As the device that pushes wake, where this browser is one: by that the node knows whether it is awake. */
  private async logIn(): Promise<PhoneLogin> {
    const known = await device();
    const answer = known?.extension === this.extension ? await asDevice("/app/browser-phone", "POST", {}).catch(() => undefined) : undefined;
    if (answer?.ok === true) return (await answer.json()) as PhoneLogin;
    return request<PhoneLogin>("/app/browser-phone", { method: "POST", body: {} });
  }

  /** A password is for hours: the next one is asked for in time, and at once where one is refused. */
  private renewBefore(login: PhoneLogin): void {
    const left = Date.parse(login.expires_at) - Date.now();
    this.later(() => void this.renew(), Math.max(10_000, left * 0.8));
  }

  private async renew(): Promise<void> {
    const turn = this.turn;
    try {
      const login = await this.logIn();
      if (turn !== this.turn || this.line === undefined) return;
      this.line.renew(login);
      this.renewBefore(login);
    } catch {
      if (turn === this.turn) this.later(() => void this.renew(), 15_000);
    }
  }

  // -- what is pressed ------------------------------------------------------------------------------------------------

  do(command: Command): void {
    if (this.here) this.perform(command);
    else this.say({ kind: "command", command });
  }

  private perform(command: Command): void {
    const call = "id" in command ? this.line?.calls.find((each) => each.id === command.id) : undefined;
    switch (command.do) {
      case "dial":
        if (this.line?.calls.some((each) => each.state === "dialling" && each.peer.number === command.target) === true) break;
        this.quiet();
        this.line?.dial(command.target, { name: command.name });
        break;
      case "answer":
        this.quiet(call?.id);
        call?.answer().catch(() => undefined);
        break;
      case "hangUp":
        call?.hangUp();
        break;
      case "forget":
        this.line?.forget(command.id);
        break;
      case "hold":
        if (!command.on) this.quiet(command.id);
        call?.hold(command.on);
        break;
      case "mute":
        if (this.meeting?.ids.includes(command.id) === true) this.meeting.mute(command.on);
        else call?.mute(command.on);
        this.changed();
        break;
      case "keys":
        call?.dtmf(command.keys);
        break;
      case "transfer":
        call?.transfer(command.to);
        break;
      case "connect": {
        const other = this.line?.calls.find((each) => each.id === command.with);
        if (other !== undefined) call?.transfer(other);
        break;
      }
      case "join":
        void this.join();
        break;
      case "part":
        void this.part();
        break;
      case "wake":
        if (this.line === undefined) void this.start();
        else this.line.wake();
        break;
      case "yield":
        this.yieldLine();
        break;
    }
  }

  /** One voice at a time: who talks waits with music, and stays in sight. */
  private quiet(but = ""): void {
    for (const each of this.line?.calls ?? []) {
      if (each.id !== but && each.state === "talking" && !each.view.held && this.meeting?.ids.includes(each.id) !== true) each.hold(true);
    }
  }

  /** Another tab becomes the phone, as long as nobody talks here. */
  private yieldLine(): void {
    if (this.view.calls.some((each) => each.state !== "ended")) return;
    this.close();
    this.show({ line: undefined });
    this.later(() => this.open(), 300);
  }

  /** Asks the tab that is the phone to give it up; this one is next in line. */
  takeOver(): void {
    this.open();
    this.do({ do: "yield" });
  }

  private async join(): Promise<void> {
    const calls = (this.line?.calls ?? []).filter((each) => each.state === "talking");
    if (calls.length < 2 || this.meeting !== undefined) return;
    const meeting = new Meeting();
    this.meeting = meeting;
    for (const call of calls) call.hold(false);
    await until(() => calls.every((each) => !each.view.held), 4000);
    const voices = calls.flatMap((each) =>
      each.remote === undefined ? [] : [{ id: each.id, remote: each.remote, send: (track?: MediaStreamTrack) => each.send(track) }],
    );
    await meeting.open(await pageSound().microphone(), voices);
    this.changed();
  }

  /** The first goes on talking, the others wait. */
  private async part(): Promise<void> {
    const { meeting } = this;
    if (meeting === undefined) return;
    this.meeting = undefined;
    const { ids } = meeting;
    await meeting.close();
    for (const call of this.line?.calls ?? []) if (ids.slice(1).includes(call.id) && call.state === "talking") call.hold(true);
    this.changed();
  }

  // -- what happens ---------------------------------------------------------------------------------------------------

  private changed(): void {
    const { line } = this;
    if (line === undefined) return;
    this.afterCalls();
    const login = line.login;
    const live = liveClient.snapshot().data;
    const mine = [...(live?.registrations.values() ?? [])].find((each) => line.state.contact !== "" && each.contact.includes(line.state.contact));
    this.set({
      phase: "on",
      fault: "",
      login: {
        extension: login.extension,
        name: login.name,
        echo_test: login.echo_test ?? "",
        voicemail: login.voicemail ?? "",
        park_slots: login.park_slots ?? [],
        emergency_numbers: login.emergency_numbers ?? [],
      },
      line: line.state,
      node: mine === undefined ? undefined : (mine.reachable ?? null),
      calls: line.calls.map((each) => this.card(each.view)),
    });
    if (line.state.refusal !== undefined && [401, 403, 407].includes(line.state.refusal.status)) this.askAgain();
    this.ring(signalFor(this.view.calls));
  }

  private renewing = false;

  /** The node no longer takes the password: another one, once in a while. */
  private askAgain(): void {
    if (this.renewing) return;
    this.renewing = true;
    this.later(() => {
      this.renewing = false;
      if (this.line?.state.registered === false) void this.renew();
    }, backoffMs(++this.attempt, Math.random()));
  }

  /** Who talks in a call may change without a word to this phone: somebody sends it on. The node's live list tells. */
  private follow(): void {
    const calls = liveClient.snapshot().data?.calls;
    if (calls === undefined) return;
    for (const { view } of this.line?.calls ?? []) {
      const info = this.infos.get(view.id);
      if (view.state !== "talking" || info === undefined) continue;
      const parties = calls.get(info.id)?.legs.map((each) => each.party).join(" ") ?? "";
      if (this.parties.get(view.id) === parties) continue;
      this.parties.set(view.id, parties);
      void this.learn(view.id, 0);
    }
  }

  private card(view: CallView): CallCard {
    const joined = this.meeting?.ids.includes(view.id) === true;
    const info = this.infos.get(view.id);
    const moved = view.state === "talking" && info !== undefined && info.number !== "";
    const number = moved ? info.number : view.peer.number || (info?.number ?? "");
    const peer = { number, name: info !== undefined && info.name !== "" ? info.name : view.peer.name };
    return {
      ...view,
      peer,
      record: info?.id ?? view.record,
      muted: joined ? this.meeting?.muted === true : view.muted,
      info,
      quality: view.state === "talking" ? this.qualities.get(view.id) : undefined,
      joined,
    };
  }

  private afterCalls(): void {
    for (const call of this.line?.calls ?? []) {
      const { view } = call;
      const moment = `${view.id} ${view.state}`;
      if (this.asked.has(moment)) continue;
      this.asked.add(moment);
      if (view.state === "dialling") continue;
      void this.learn(view.id, 0);
      if (view.state === "ended") {
        if (this.meeting?.ids.includes(view.id) === true) void this.part();
        this.later(() => void queryClient.invalidateQueries({ queryKey: HISTORY }), 1500);
        this.later(() => void queryClient.invalidateQueries({ queryKey: ["phone"] }), 1500);
        if (view.answeredAt === undefined) this.later(() => this.line?.forget(view.id), GONE_AFTER_MS);
      }
    }
  }

  /** What the node knows of a call beside its number; it may need a moment to know it. */
  private async learn(id: string, tries: number): Promise<void> {
    const sip = this.sipId(id);
    try {
      this.infos.set(id, await request<AppCallView>(`/app/calls/${encodeURIComponent(sip)}`));
      this.changed();
    } catch {
      if (tries < 4) this.later(() => void this.learn(id, tries + 1), 400 * 2 ** tries);
    }
  }

  private sipId(id: string): string {
    return this.line?.calls.find((each) => each.id === id)?.sipId ?? id;
  }

  private async look(): Promise<void> {
    const { line } = this;
    if (line === undefined) return;
    const now = Date.now();
    for (const call of line.calls) {
      if (call.state !== "talking") continue;
      const stats = await call.stats().catch(() => undefined);
      if (stats === undefined) continue;
      const before = (this.samples.get(call.id) ?? []).filter((each) => now - each.at <= OVER_MS + 500);
      const quiet = call.view.held || call.view.heldThere;
      if (before[0] !== undefined && now - before[0].at >= 1500) {
        this.qualities.set(call.id, judge(before[0], stats, { quiet, muted: call.view.muted }));
      }
      this.samples.set(call.id, quiet ? [stats] : [...before, stats]);
    }
    if (line.calls.some((each) => each.state === "talking")) this.changed();
  }

  private ring(signal: Signal | undefined): void {
    if (signal === this.signal) return;
    this.signal = signal;
    pageSound().signalTo(signal);
  }

  private later(work: () => void, ms: number): void {
    this.timers.push(setTimeout(work, ms));
  }

  // -- the other tabs -------------------------------------------------------------------------------------------------

  private hear(message: TabMessage): void {
    if (message.kind === "command") {
      if (this.here) this.perform(message.command);
    } else if (message.kind === "hello") {
      if (this.here) this.say({ kind: "view", view: this.view });
    } else if (!this.here) {
      this.view = message.view;
      this.tell();
    }
  }

  private say(message: TabMessage): void {
    this.channel?.postMessage(message);
  }

  private show(change: Partial<PhoneView>): void {
    this.set({ ...this.view, ...change });
  }

  private set(view: PhoneView): void {
    this.view = view;
    if (this.here) this.say({ kind: "view", view });
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

async function until(isTrue: () => boolean, ms: number): Promise<void> {
  const end = Date.now() + ms;
  while (!isTrue() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}

export const desk = new Desk();
