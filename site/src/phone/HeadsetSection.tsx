import { useSyncExternalStore } from "react";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { canReadButtons, headset } from "./headset.ts";
import { PhoneIcon } from "./PhoneIcon.tsx";

/** Headset buttons: connected once, found again by itself. */
export function HeadsetSection() {
  const name = useSyncExternalStore(headset.subscribe, headset.snapshot);
  return (
    <section className="flex flex-col items-start gap-2 border-t border-line pt-5">
      <h3 className="flex items-center gap-2 font-medium">
        <PhoneIcon name="headset" />
        {p.settings.headset}
      </h3>
      {!canReadButtons() ? (
        <p className="text-small text-pretty text-faint">{p.settings.headsetNone}</p>
      ) : name === "" ? (
        <Button onClick={() => void headset.choose().catch(() => undefined)}>{p.settings.headsetConnect}</Button>
      ) : (
        <p className="text-small text-soft">{p.settings.headsetOn(name)}</p>
      )}
    </section>
  );
}
