/** How a campaign goes, for the eye. Pure. */
import type { Campaign, CampaignConsent, Counts } from "../edge/types.ts";
import { instant } from "./time.ts";

export interface Progress {
  /** Parts of all people, 0 to 1. */
  readonly delivered: number;
  readonly sent: number;
  readonly trouble: number;
  readonly skipped: number;
  /** People whose matter is settled, whatever became of it. */
  readonly done: number;
}

const TROUBLE = ["undelivered", "failed", "uncertain"] as const;
const SKIPPED = ["opted_out", "no_hours", "left", "cancelled"] as const;

export function progressOf(counts: Counts): Progress {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const add = (names: readonly (keyof Counts)[]) => names.reduce((sum, name) => sum + counts[name], 0);
  const part = (count: number) => (all === 0 ? 0 : count / all);
  const trouble = add(TROUBLE);
  const skipped = add(SKIPPED);
  const sent = add(["sent"]);
  const delivered = add(["delivered"]);
  return { delivered: part(delivered), sent: part(sent), trouble: part(trouble), skipped: part(skipped), done: delivered + sent + trouble + skipped };
}

/** What may be done with it now. */
export function actionsOf({ state }: Pick<Campaign, "state">): readonly ("pause" | "resume" | "cancel")[] {
  if (state === "running" || state === "scheduled") return ["pause", "cancel"];
  return state === "paused" ? ["resume", "cancel"] : [];
}

export const NO_CONSENT: CampaignConsent = { who: "", when: "", how: "web_form", source: "" };

/** The value of a `datetime-local` box for an instant, by the office's clocks. */
export function localMoment(at: number): string {
  const utc = new Date(at).toISOString().slice(0, 16);
  const ahead = Date.parse(`${utc}Z`) - Date.parse(instant(utc));
  return new Date(at + ahead).toISOString().slice(0, 16);
}

/** A file's bytes as base64, which is how JSON carries them. */
export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 32_768) binary += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(binary);
}
