/** Whether this browser rings when its page is closed; the worker is installed when it is first asked for. */
import { useEffect, useSyncExternalStore } from "react";
import { desk } from "../phone/desk.ts";
import { onPocket, pocketState, preparePocket, switchOff, switchOn, type PocketState } from "./pocket.ts";

let prepared = false;

export function usePocket(): PocketState {
  const state = useSyncExternalStore(onPocket, pocketState);
  useEffect(() => {
    if (prepared) return;
    prepared = true;
    void preparePocket();
  }, []);
  return state;
}

/** The line is opened anew after, as the device that it is now, or is no more. */
export function turn(on: boolean): void {
  void (on ? switchOn() : switchOff()).then(() => desk.do({ do: "yield" }));
}
