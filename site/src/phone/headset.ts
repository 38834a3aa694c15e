/** The buttons of a headset: over WebHID where the browser has it, and the browser's own call keys (Media Session). */
import { buttonPlaces, lampPlaces, lampReport, readBit, TELEPHONY, type HeadsetButton, type HeadsetLamp, type Report } from "./hid.ts";

interface HidDevice extends EventTarget {
  readonly opened: boolean;
  readonly productName: string;
  readonly collections: readonly { readonly usagePage?: number; readonly inputReports?: readonly Report[]; readonly outputReports?: readonly Report[] }[];
  open(): Promise<void>;
  close(): Promise<void>;
  sendReport(id: number, data: Uint8Array): Promise<void>;
}

interface Hid extends EventTarget {
  getDevices(): Promise<HidDevice[]>;
  requestDevice(options: { filters: readonly { usagePage: number }[] }): Promise<HidDevice[]>;
}

const hid = (): Hid | undefined => (navigator as unknown as { hid?: Hid }).hid;

export const canReadButtons = (): boolean => hid() !== undefined;

export interface Situation {
  readonly ringing: boolean;
  readonly talking: boolean;
  readonly muted: boolean;
}

export class Headset {
  name = "";
  onButton: (button: HeadsetButton, down: boolean) => void = () => undefined;
  private device: HidDevice | undefined;
  private readonly before = new Map<HeadsetButton, boolean>();
  private readonly listeners = new Set<() => void>();
  private lit = "";

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): string => this.name;

  /** A headset that was allowed before. */
  async find(): Promise<void> {
    const all = (await hid()?.getDevices()) ?? [];
    const device = all.find((each) => each.collections.some(({ usagePage }) => usagePage === TELEPHONY));
    if (device !== undefined) await this.use(device);
    hid()?.addEventListener("disconnect", () => this.drop());
    hid()?.addEventListener("connect", () => void this.find());
  }

  /** The browser asks which; must follow a press. */
  async choose(): Promise<void> {
    const [device] = (await hid()?.requestDevice({ filters: [{ usagePage: TELEPHONY }] })) ?? [];
    if (device !== undefined) await this.use(device);
  }

  /** Its lamps, so that a headset knows that it rings or talks; many send no button otherwise. */
  show({ ringing, talking, muted }: Situation): void {
    const lit = new Set<HeadsetLamp>([...(ringing ? (["ring"] as const) : []), ...(talking ? (["offHook"] as const) : []), ...(muted ? (["mute"] as const) : [])]);
    const key = [...lit].join(" ");
    if (key === this.lit) return;
    this.lit = key;
    const { device } = this;
    if (device === undefined) return;
    const lamps = lampPlaces(device.collections.flatMap((each) => each.outputReports ?? []));
    for (const report of new Set(lamps.map((each) => each.report))) device.sendReport(report, lampReport(lamps, report, lit)).catch(() => undefined);
  }

  private async use(device: HidDevice): Promise<void> {
    if (this.device === device) return;
    if (!device.opened) await device.open();
    this.device = device;
    this.name = device.productName;
    const buttons = buttonPlaces(device.collections.flatMap((each) => each.inputReports ?? []));
    device.addEventListener("inputreport", (event) => {
      const { reportId, data } = event as unknown as { reportId: number; data: DataView };
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      for (const { report, bit, name } of buttons) {
        if (report !== reportId) continue;
        const down = readBit(bytes, bit);
        if (this.before.get(name) === down || (!down && !this.before.has(name))) continue;
        this.before.set(name, down);
        this.onButton(name, down);
      }
    });
    this.tell();
  }

  private drop(): void {
    this.device = undefined;
    this.name = "";
    this.lit = "";
    this.before.clear();
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

export const headset = new Headset();
