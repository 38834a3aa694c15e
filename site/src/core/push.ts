/** How well a phone wakes, and why not, from what the node noted. */
import type { PushPhone } from "../schema.gen.ts";

export type WakeReason =
  | "slow"
  | "page"
  | "gone"
  | "otherApp"
  | "wrongKey"
  | "badKey"
  | "gateway"
  | "unconfigured"
  | "tooMany"
  | "late"
  | "signedOut"
  | "other";

export type WakeGrade = "well" | "shaky" | "ill" | "dead" | "untried";

/** The words of platforms, and the node's own, as what they mean. The first that fits. */
const REASONS: readonly (readonly [RegExp, WakeReason])[] = [
  [/did not register/, "slow"],
  [/log-in was taken back/, "signedOut"],
  [/BadDeviceToken|SENDER_ID_MISMATCH|INVALID_ARGUMENT/, "otherApp"],
  [/Unregistered|UNREGISTERED|ExpiredToken|status (?:404|410)/, "gone"],
  [/TopicDisallowed|DeviceTokenNotForTopic|BadTopic|MissingTopic/, "wrongKey"],
  [/ProviderToken|PERMISSION_DENIED|UNAUTHENTICATED|status 40[13]/, "badKey"],
  [/no key|no push gateway|unconfigured/, "unconfigured"],
  [/TooMany|QUOTA|RESOURCE_EXHAUSTED|status 429/, "tooMany"],
  [/cannot be reached|gateway answers|no connection|does not answer/, "gateway"],
  [/^late$|no answer|timeout|in time/i, "late"],
];

/** Undefined for a phone that came the last time. A page comes when somebody clicks what it shows. */
export function reasonOf(reason: string, service: PushPhone["service"]): WakeReason | undefined {
  if (reason === "") return undefined;
  const found = REASONS.find(([pattern]) => pattern.test(reason))?.[1] ?? "other";
  return found === "slow" && service === "webpush" ? "page" : found;
}

export function gradeOf(phone: Pick<PushPhone, "dead" | "score" | "pushes">): WakeGrade {
  if (phone.dead) return "dead";
  if (phone.pushes === 0) return "untried";
  return phone.score >= 0.85 ? "well" : phone.score >= 0.6 ? "shaky" : "ill";
}

/** How many of five bars are lit; none for a phone that never comes. */
export function barsOf(score: number): number {
  return Math.round(score * 5);
}

/** Milliseconds as seconds to one decimal. */
export function secondsOf(ms: number, locale: string): string {
  return (ms / 1000).toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
}
