/** Once, at the head of the phone: that it can ring when this page is closed. Put away for good with its cross. */
import { useState } from "react";
import { readChoice, writeChoice } from "../shell/stored.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { p } from "./text.ts";
import { turn, usePocket } from "./usePocket.ts";

const PUT_AWAY = "bellwire.pocket.put-away";

export function PocketOffer() {
  const state = usePocket();
  const [away, setAway] = useState(() => readChoice(PUT_AWAY) === "yes");
  const install = state.is === "cannot" && state.why === "install";
  if (away || !(install || state.is === "working" || (state.is === "off" && state.trouble === undefined))) return null;
  return (
    <div data-pocket-offer className="flex items-center gap-3 border-b border-line bg-accent-soft py-2 pr-1 pl-4 text-small text-accent">
      <Icon name="bell" className="size-5 max-sm:hidden" />
      <span className="min-w-0 flex-1 text-pretty">{install ? p.obstacles.install : p.off}</span>
      {!install && (
        <Button className="min-h-9! text-small!" busy={state.is === "working"} onClick={() => turn(true)}>
          {p.offerShort}
        </Button>
      )}
      <IconButton
        icon="close"
        label={p.putAway}
        onClick={() => {
          writeChoice(PUT_AWAY, "yes");
          setAway(true);
        }}
      />
    </div>
  );
}
