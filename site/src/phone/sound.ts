/**
 * What the page hears and says with: the microphone, the headset for voices, another device for ringing.
 *
 * Devices come and go. What was chosen is used whenever it is there, the computer's own default until then.
 */
import { readChoice, writeChoice } from "../shell/stored.ts";
import type { Signal } from "./signals.ts";
import type { Sound } from "./types.ts";

export type DeviceUse = "microphone" | "voice" | "ring";

export interface Devices {
  readonly microphones: readonly MediaDeviceInfo[];
  readonly speakers: readonly MediaDeviceInfo[];
  /** Browsers name devices only to pages that may use the microphone. */
  readonly named: boolean;
}

const NO_DEVICES: Devices = { microphones: [], speakers: [], named: false };
const key = (use: DeviceUse) => `bellwire.phone.${use}`;

/** Browsers lend a microphone to secure pages only: HTTPS, or this computer itself. */
export function canCall(): boolean {
  return window.isSecureContext && "mediaDevices" in navigator && "RTCPeerConnection" in window;
}

export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

export class PageSound implements Sound {
  devices: Devices = NO_DEVICES;
  private readonly voices = new Map<string, HTMLAudioElement>();
  private readonly microphoneListeners = new Set<() => void>();
  private readonly listeners = new Set<() => void>();
  private bell: HTMLAudioElement | undefined;
  private context: AudioContext | undefined;
  private signal: { stop: () => void } | undefined;
  private usedMicrophone = "";

  constructor() {
    if (!canCall()) return;
    navigator.mediaDevices.addEventListener("devicechange", () => void this.changed());
    void this.refresh();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): Devices => this.devices;

  /** The device that was chosen, where it is there; empty for the computer's own default. */
  device(use: DeviceUse): string {
    const wanted = readChoice(key(use)) ?? "";
    const those = use === "microphone" ? this.devices.microphones : this.devices.speakers;
    return those.some((each) => each.deviceId === wanted) ? wanted : "";
  }

  choose(use: DeviceUse, device: string): void {
    writeChoice(key(use), device);
    if (use === "microphone") this.swapMicrophone();
    else this.point();
    this.tell();
  }

  async refresh(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const real = all.filter((each) => each.deviceId !== "" && each.deviceId !== "default" && each.deviceId !== "communications");
    this.devices = {
      microphones: real.filter((each) => each.kind === "audioinput"),
      speakers: real.filter((each) => each.kind === "audiooutput"),
      named: all.some((each) => each.label !== ""),
    };
    this.tell();
  }

  private async changed(): Promise<void> {
    await this.refresh();
    this.point();
    // A headset that was plugged in or pulled out: calls go on with what is there now.
    if (this.device("microphone") !== this.usedMicrophone || this.usedMicrophone === "") this.swapMicrophone();
  }

  private swapMicrophone(): void {
    for (const listener of this.microphoneListeners) listener();
  }

  async microphone(): Promise<MediaStream> {
    if (!canCall()) throw new DOMException("not a secure page", "SecurityError");
    const chosen = this.device("microphone");
    const voice = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
    const stream = await navigator.mediaDevices
      .getUserMedia({ audio: chosen === "" ? voice : { ...voice, deviceId: { exact: chosen } } })
      .catch((reason: unknown) => {
        if (chosen === "" || (reason instanceof DOMException && reason.name === "NotAllowedError")) throw reason;
        return navigator.mediaDevices.getUserMedia({ audio: voice });
      });
    this.usedMicrophone = chosen;
    if (!this.devices.named) void this.refresh();
    return stream;
  }

  onMicrophone(listener: () => void): () => void {
    this.microphoneListeners.add(listener);
    return () => this.microphoneListeners.delete(listener);
  }

  play(call: string, stream: MediaStream): void {
    const element = this.voices.get(call) ?? new Audio();
    element.autoplay = true;
    element.srcObject = stream;
    this.voices.set(call, element);
    void this.aim(element, this.device("voice"));
    element.play().catch(() => undefined);
  }

  stop(call: string): void {
    const element = this.voices.get(call);
    if (element === undefined) return;
    element.pause();
    element.srcObject = null;
    this.voices.delete(call);
  }

  /** A signal until the next one, or none. Ringing goes to its own device, the others to the headset. */
  signalTo(kind: Signal | undefined): void {
    this.signal?.stop();
    this.signal = undefined;
    if (kind === undefined || !canCall()) return;
    this.context ??= new AudioContext();
    this.bell ??= new Audio();
    const into = this.context.createMediaStreamDestination();
    this.bell.srcObject = into.stream;
    this.signal = sound(this.context, into, kind);
    void this.context.resume();
    void this.aim(this.bell, this.device(kind === "ring" ? "ring" : "voice"));
    this.bell.play().catch(() => undefined);
  }

  private point(): void {
    for (const element of this.voices.values()) void this.aim(element, this.device("voice"));
  }

  private async aim(element: HTMLAudioElement, device: string): Promise<void> {
    if (canChooseSpeaker() && element.sinkId !== device) await element.setSinkId(device).catch(() => undefined);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

interface Pattern {
  readonly tones: readonly number[];
  /** Seconds on and off, again and again. */
  readonly beats: readonly (readonly [number, number])[];
  readonly loud: number;
}

const PATTERNS: Readonly<Record<Signal, Pattern>> = {
  ring: { tones: [659.26, 830.61, 987.77], beats: [[0.38, 0.12], [0.38, 2.1]], loud: 0.16 },
  waiting: { tones: [425], beats: [[0.18, 0.16], [0.18, 4]], loud: 0.05 },
  ringback: { tones: [425], beats: [[1, 4]], loud: 0.06 },
  test: { tones: [523.25, 659.26], beats: [[0.35, 60]], loud: 0.16 },
};

function sound(context: AudioContext, into: AudioNode, kind: Signal): { stop: () => void } {
  const { tones, beats, loud } = PATTERNS[kind];
  const gate = context.createGain();
  gate.gain.value = 0;
  gate.connect(into);
  const sources = tones.map((hertz) => {
    const source = context.createOscillator();
    source.frequency.value = hertz;
    source.connect(gate);
    source.start();
    return source;
  });
  let beat = 0;
  let at = context.currentTime + 0.05;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = () => {
    const [on, off] = beats[beat % beats.length] ?? [1, 1];
    beat += 1;
    at = Math.max(at, context.currentTime + 0.02);
    gate.gain.setTargetAtTime(loud / tones.length, at, 0.012);
    gate.gain.setTargetAtTime(0, at + on, 0.06);
    timer = setTimeout(next, (on + off) * 1000);
    at += on + off;
  };
  next();
  return {
    stop() {
      clearTimeout(timer);
      gate.gain.cancelScheduledValues(context.currentTime);
      gate.gain.setTargetAtTime(0, context.currentTime, 0.01);
      for (const source of sources) source.stop(context.currentTime + 0.1);
    },
  };
}

/** How loud the microphone is, 0 to 1, ten times a second, until the returned function is called. */
export async function meter(device: PageSound, onLevel: (level: number) => void): Promise<() => void> {
  const stream = await device.microphone();
  const context = new AudioContext();
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    const power = samples.reduce((sum, each) => sum + each * each, 0) / samples.length;
    // -60 dB is nothing, -6 dB is a shout.
    onLevel(Math.max(0, Math.min(1, (10 * Math.log10(power + 1e-9) + 60) / 54)));
  }, 100);
  return () => {
    clearInterval(timer);
    for (const track of stream.getTracks()) track.stop();
    void context.close();
  };
}

let shared: PageSound | undefined;

/** The one of this page. */
export function pageSound(): PageSound {
  shared ??= new PageSound();
  return shared;
}
