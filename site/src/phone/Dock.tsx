/** The phone beside whatever page is shown: a button in the corner, and the phone over it. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { formatTimer } from "../core/time.ts";
import { useSession } from "../shell/session.tsx";
import { p } from "../text/phone.ts";
import { IconButton } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";
import { StatusShape, type Tone } from "../ui/StatusMark.tsx";
import { nameOf } from "./CallStage.tsx";
import { Phone } from "./Phone.tsx";
import { foremost, ringing, usePhone, useTruth } from "./usePhone.ts";

const TONES: Readonly<Record<"ready" | "busy" | "trouble" | "off", Tone>> = { ready: "good", busy: "warn", trouble: "bad", off: "plain" };
const WIDE = "(min-width: 52rem)";

export function Dock({ extension }: { readonly extension: string }) {
  const { scopes } = useSession();
  const { calls } = usePhone();
  const navigate = useNavigate();
  const [open, setOpen] = useState(false);
  const panel = useRef<HTMLDivElement>(null);
  const rings = calls.some(ringing);
  const active = calls.some((each) => each.state !== "ended");
  const [seen, setSeen] = useState(false);
  // What rings comes by itself; on a small screen as a page.
  if (active !== seen) {
    setSeen(active);
    if (active) setOpen(true);
  }
  useEffect(() => {
    if (rings && !window.matchMedia(WIDE).matches) void navigate({ to: "/phone" });
  }, [rings, navigate]);
  const toggle = () => {
    if (!window.matchMedia(WIDE).matches) void navigate({ to: "/phone" });
    else setOpen(!open);
  };
  return (
    <>
      {open && (
        <div
          ref={panel}
          role="dialog"
          aria-label={p.title}
          data-dock
          data-own-keys
          className="rise-in fixed right-5 bottom-20 z-40 hidden h-[min(43rem,calc(100dvh-7rem))] w-[24rem] overflow-hidden rounded-2xl border border-line shadow-float md:block"
        >
          <Phone
            extension={extension}
            mayWrite={scopes.includes("messages:send")}
            aside={
              <>
                <IconButton icon="expand" label={p.fullPage} onClick={() => void navigate({ to: "/phone" })} />
                <IconButton icon="close" label={p.close} onClick={() => setOpen(false)} />
              </>
            }
          />
        </div>
      )}
      <Launcher open={open} onPress={toggle} />
    </>
  );
}

function Launcher({ open, onPress }: { readonly open: boolean; readonly onPress: () => void }) {
  const { calls, phase } = usePhone();
  const truth = useTruth();
  const now = useNow();
  const front = foremost(calls.filter((each) => each.state !== "ended"));
  const rings = front !== undefined && ringing(front);
  return (
    <button
      type="button"
      data-launcher
      aria-expanded={open}
      aria-label={`${p.open}${phase === "on" ? `: ${p.badge[truth.whole]}` : ""}`}
      onClick={onPress}
      className={`fixed right-4 bottom-[calc(4.5rem+env(safe-area-inset-bottom))] z-30 flex min-h-12 items-center gap-2.5 rounded-full border px-4 shadow-float transition-colors md:right-5 md:bottom-5 ${front === undefined ? "border-line bg-surface text-ink hover:border-line-strong" : "border-good bg-good text-surface"}`}
    >
      {rings && <span className="phone-pulse absolute inset-0 -z-10 rounded-full bg-good-line/50" />}
      <Icon name="phone" className={`size-5 ${rings ? "ringing-dot" : ""}`} />
      {front !== undefined ? (
        <span className="max-w-40 truncate font-medium tabular-nums">
          {nameOf(front)} {front.state === "talking" && formatTimer(now - (front.answeredAt ?? now))}
        </span>
      ) : (
        <>
          <span className="font-medium max-md:sr-only">{p.title}</span>
          {phase === "on" && (
            <span className={{ ready: "text-good", busy: "text-warn", trouble: "text-bad", off: "text-faint" }[truth.whole]}>
              <StatusShape tone={TONES[truth.whole]} />
            </span>
          )}
        </>
      )}
    </button>
  );
}
