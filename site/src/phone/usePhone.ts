/** The phone for components. */
import { useSyncExternalStore } from "react";
import { truthOf, type Truth } from "./badge.ts";
import { desk } from "./desk.ts";
import type { CallCard, PhoneView } from "./protocol.ts";
import { pageSound, type Devices } from "./sound.ts";
import { useProfile } from "./queries.ts";
import { useNow } from "../ui/now.ts";

export function usePhone(): PhoneView {
  return useSyncExternalStore(desk.subscribe, desk.snapshot);
}

/** Whether this tab is the phone. */
export function useHere(): boolean {
  return useSyncExternalStore(desk.subscribe, desk.isHere);
}

export function useDevices(): Devices {
  const sound = pageSound();
  return useSyncExternalStore(sound.subscribe, sound.snapshot);
}

export function useTruth(): Truth {
  const { line, node } = usePhone();
  const { data } = useProfile();
  return truthOf({ line, node, doNotDisturb: data?.settings.do_not_disturb === true, now: useNow() });
}

/** Calls that are not over, those that ring first. */
export function ongoing(calls: readonly CallCard[]): readonly CallCard[] {
  return calls.filter((each) => each.state !== "ended");
}

export const ringing = (call: CallCard): boolean => call.direction === "in" && call.state === "ringing";

/** The call that keys and the large card are about: what rings, then who talks, then the newest. */
export function foremost(calls: readonly CallCard[]): CallCard | undefined {
  return (
    calls.find(ringing) ??
    calls.find((each) => each.state === "talking" && !each.held) ??
    calls.findLast((each) => each.state !== "ended") ??
    calls.at(-1)
  );
}
