/** "Ring this device when the page is closed": what it is now, the button, and plainly why not where it cannot. */
import { useEffect, useSyncExternalStore } from "react";
import { Button } from "../ui/Button.tsx";
import { Card } from "../ui/Card.tsx";
import { Notice } from "../ui/Notice.tsx";
import { StatusMark } from "../ui/StatusMark.tsx";
import { isIos, surroundings } from "./platform.ts";
import { onPocket, pocketState, preparePocket, switchOff, switchOn, type PocketState } from "./pocket.ts";
import { p } from "./text.ts";

interface PocketCardProps {
  /** Told when this browser has become a device, or is one no more: its line registers as that then. */
  readonly onChange?: (() => void) | undefined;
}

export function PocketCard({ onChange }: PocketCardProps) {
  const state = useSyncExternalStore(onPocket, pocketState);
  useEffect(() => void preparePocket(), []);
  if (state.is === "unknown") return null;
  const act = (work: () => Promise<void>) => void work().then(() => onChange?.());
  return (
    <Card title={p.title} aside={state.is === "on" ? <Button onClick={() => act(switchOff)}>{p.turnOff}</Button> : undefined}>
      <div className="space-y-3 px-4 pb-4 sm:px-5" data-pocket={state.is} aria-live="polite">
        <Told state={state} />
        {(state.is === "off" || state.is === "working") && (
          <Button look="primary" icon="bell" className="w-full sm:w-auto" busy={state.is === "working"} onClick={() => act(switchOn)}>
            {state.is === "working" ? p.working : p.offer}
          </Button>
        )}
      </div>
    </Card>
  );
}

function Told({ state }: { readonly state: PocketState }) {
  switch (state.is) {
    case "cannot":
      return <Notice tone="plain" icon="bell">{p.obstacles[state.why]}</Notice>;
    case "on":
      return (
        <>
          <StatusMark tone="good">{p.on(state.extension)}</StatusMark>
          {isIos(surroundings()) && <p className="text-small text-pretty text-faint">{p.ios}</p>}
        </>
      );
    case "off":
      return state.trouble === undefined ? (
        <p className="text-pretty text-soft">
          {p.off} {p.offerHelp}
        </p>
      ) : (
        <Notice tone="warn" alert>
          {p.troubles[state.trouble]}
        </Notice>
      );
    default:
      return null;
  }
}
