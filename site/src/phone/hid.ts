/**
 * What the buttons of a headset say (USB HID, Telephony page 0x0B): which bit of which report is which button. Pure.
 *
 *     usage page 0x0B   0x20 hook switch   0x2F phone mute   0x21 flash   0x23 drop
 *     usage page 0x08   0x17 off-hook lamp   0x18 ring lamp   0x09 mute lamp
 */

export const TELEPHONY = 0x0b;
const LED = 0x08;

export type HeadsetButton = "hook" | "mute" | "flash" | "drop";
export type HeadsetLamp = "offHook" | "ring" | "mute";

const BUTTONS: Readonly<Record<number, HeadsetButton>> = { 0x20: "hook", 0x21: "flash", 0x23: "drop", 0x2f: "mute" };
const LAMPS: Readonly<Record<number, HeadsetLamp>> = { 0x17: "offHook", 0x18: "ring", 0x09: "mute" };

export interface ReportItem {
  readonly usages?: readonly number[];
  readonly usageMinimum?: number;
  readonly usageMaximum?: number;
  readonly isRange?: boolean;
  readonly isAbsolute?: boolean;
  readonly reportSize?: number;
  readonly reportCount?: number;
}

export interface Report {
  readonly reportId?: number;
  readonly items?: readonly ReportItem[];
}

export interface Place<T> {
  readonly report: number;
  readonly bit: number;
  readonly name: T;
  /** Tells how it stands; otherwise that it was pressed. */
  readonly absolute: boolean;
}

export const buttonPlaces = (reports: readonly Report[]): Place<HeadsetButton>[] => places(reports, TELEPHONY, BUTTONS);
export const lampPlaces = (reports: readonly Report[]): Place<HeadsetLamp>[] => places(reports, LED, LAMPS);

function places<T>(reports: readonly Report[], page: number, names: Readonly<Record<number, T>>): Place<T>[] {
  const found: Place<T>[] = [];
  for (const { reportId = 0, items = [] } of reports) {
    let bit = 0;
    for (const item of items) {
      const [size, count] = [item.reportSize ?? 1, item.reportCount ?? 1];
      usagesOf(item, count).forEach((usage, index) => {
        const name = usage >>> 16 === page ? names[usage & 0xffff] : undefined;
        if (name !== undefined && size === 1) found.push({ report: reportId, bit: bit + index, name, absolute: item.isAbsolute !== false });
      });
      bit += size * count;
    }
  }
  return found;
}

function usagesOf(item: ReportItem, count: number): readonly number[] {
  if (item.isRange === true && item.usageMinimum !== undefined) {
    const last = item.usageMaximum ?? item.usageMinimum;
    return Array.from({ length: Math.min(count, last - item.usageMinimum + 1) }, (_, index) => (item.usageMinimum ?? 0) + index);
  }
  return (item.usages ?? []).slice(0, count);
}

export function readBit(data: Uint8Array, bit: number): boolean {
  return (((data[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 1;
}

/** The report that lights these lamps, as long as its last lamp needs. */
export function lampReport(all: readonly Place<HeadsetLamp>[], report: number, lit: ReadonlySet<HeadsetLamp>): Uint8Array {
  const those = all.filter((each) => each.report === report);
  const bytes = new Uint8Array(Math.max(1, ...those.map((each) => (each.bit >> 3) + 1)));
  for (const each of those) if (lit.has(each.name)) bytes[each.bit >> 3] = (bytes[each.bit >> 3] ?? 0) | (1 << (each.bit & 7));
  return bytes;
}
