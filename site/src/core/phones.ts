/** The phones page's rows: extensions joined with the devices registered for them and with what they are doing. */
import type { Extension, RegistrationView } from "../schema.gen.ts";
import { busyExtensions } from "./calls.ts";
import type { LiveData } from "./live.ts";

export type PhoneState = "disabled" | "talking" | "ringing" | "registered" | "unregistered";

export interface PhoneRow {
  readonly extension: Extension;
  readonly devices: readonly RegistrationView[];
  readonly state: PhoneState;
}

/** Sorted as an office numbers its phones: shorter numbers first, then by value (99 before 100). */
export function phoneRows(data: LiveData): PhoneRow[] {
  const busy = busyExtensions(data.calls.values());
  const devices = new Map<string, RegistrationView[]>();
  for (const registration of data.registrations.values()) {
    const own = devices.get(registration.extension);
    if (own === undefined) devices.set(registration.extension, [registration]);
    else own.push(registration);
  }
  return [...data.extensions.values()]
    .sort((a, b) => a.number.length - b.number.length || a.number.localeCompare(b.number))
    .map((extension) => {
      const own = (devices.get(extension.number) ?? []).sort((a, b) => a.registered_at.localeCompare(b.registered_at));
      return { extension, devices: own, state: phoneState(extension, own.length, busy.get(extension.number)) };
    });
}

function phoneState(extension: Extension, devices: number, busy: "talking" | "ringing" | undefined): PhoneState {
  if (!extension.enabled) return "disabled";
  if (busy !== undefined) return busy;
  return devices > 0 ? "registered" : "unregistered";
}

/** Number, name, device or address contains the text; case and accents do not matter. */
export function matchesPhone(row: PhoneRow, query: string): boolean {
  const wanted = fold(query.trim());
  if (wanted === "") return true;
  const texts = [row.extension.number, row.extension.name, ...row.devices.flatMap((each) => [each.user_agent, each.source])];
  return texts.some((text) => fold(text).includes(wanted));
}

/** Lower case without accents, so that "muller" finds "Müller". */
export function fold(text: string): string {
  return text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
}
