/** "Ring this device when the page is closed": what it is now, the button, and plainly why not where it cannot. */
import { Button } from "../ui/Button.tsx";
import { Notice } from "../ui/Notice.tsx";
import { StatusMark } from "../ui/StatusMark.tsx";
import { isIos, surroundings } from "./platform.ts";
import type { PocketState } from "./pocket.ts";
import { p } from "./text.ts";
import { turn, usePocket } from "./usePocket.ts";

export function PocketSection() {
  const state = usePocket();
  if (state.is === "unknown") return null;
  return (
    <section aria-label={p.title} data-pocket={state.is} className="flex flex-col items-start gap-3 border-t border-line pt-5">
      <h3 className="font-semibold">{p.title}</h3>
      <div aria-live="polite" className="flex w-full flex-col items-start gap-3">
        <Told state={state} />
      </div>
      {state.is === "on" && <Button onClick={() => turn(false)}>{p.turnOff}</Button>}
      {(state.is === "off" || state.is === "working") && (
        <Button look="primary" icon="bell" busy={state.is === "working"} onClick={() => turn(true)} className="text-pretty! whitespace-normal!">
          {state.is === "working" ? p.working : p.offer}
        </Button>
      )}
    </section>
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
