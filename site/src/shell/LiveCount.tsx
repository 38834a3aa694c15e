import { badgeOf } from "../core/link.ts";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";

/** How many calls are going on; nothing while that is not known. */
export function LiveCount({ floating = false }: { readonly floating?: boolean }) {
  const { calls, link } = useLive();
  if (calls.length === 0 || badgeOf(link) !== "online") return null;
  return (
    <span
      className={`rounded-full bg-good-soft px-1.5 text-label font-semibold text-good tabular-nums ${floating ? "absolute top-0.5 left-1/2 ml-2" : "ml-auto"}`}
    >
      {calls.length}
      <span className="sr-only"> {t.dashboard.liveNow}</span>
    </span>
  );
}
