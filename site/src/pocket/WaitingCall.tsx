/** Says what becomes of the call that this page was opened for, until it is here. */
import { useEffect, useSyncExternalStore } from "react";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { desk } from "../phone/desk.ts";
import { usePhone } from "../phone/usePhone.ts";
import { arrivals, listenForArrivals } from "./arrival.ts";
import { p } from "./text.ts";

export function WaitingCall() {
  const { calls } = usePhone();
  const state = useSyncExternalStore(
    (listener) => arrivals.subscribe(listener),
    () => arrivals.state,
  );
  useEffect(() => listenForArrivals(), []);
  useEffect(
    () => arrivals.look(calls.map((each) => ({ ...each, answer: () => desk.do({ do: "answer", id: each.id }), hangUp: () => desk.do({ do: "hangUp", id: each.id }) }))),
    [calls, state],
  );
  if (state.is === "nothing") return null;
  return (
    <div role="status" data-arrival={state.is} className="flex shrink-0 items-center gap-3 rounded-2xl border border-line bg-surface px-4 py-3 shadow-card">
      <Icon name="phone" className={`size-5 ${state.is === "coming" ? "animate-pulse text-accent" : "text-faint"}`} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{state.is === "coming" ? p.coming(state.who) : p.gone(state.who)}</p>
        {state.is === "gone" && <p className="text-small text-pretty text-faint">{p.goneHelp}</p>}
      </div>
      {state.is === "gone" && <Button onClick={() => arrivals.forget()}>{p.close}</Button>}
    </div>
  );
}
