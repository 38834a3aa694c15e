/** Stands above every page while the node cannot be reached: says so, since when, and what happens next. */
import { badgeOf } from "../core/link.ts";
import { formatClock } from "../core/time.ts";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useNow } from "../ui/now.ts";

export function LinkBanner() {
  const { link, retryNow } = useLive();
  if (badgeOf(link) !== "offline") return null;
  const words =
    link.lastHeardAt === undefined ? t.link.never : t.link.lost(formatClock(link.lastHeardAt, t.locale));
  return (
    <div className="border-b border-bad-line/30 bg-bad-soft text-bad">
      <div className="mx-auto flex max-w-6xl flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5 sm:px-6">
        <Icon name="unplugged" className="size-5" />
        <p role="alert" className="min-w-48 flex-1 text-pretty">
          {words}
        </p>
        <span className="flex items-center gap-3">
          <Countdown retryAt={link.retryAt} />
          <Button look="danger" onClick={retryNow} disabled={link.phase === "trying"}>
            {t.link.retryNow}
          </Button>
        </span>
      </div>
    </div>
  );
}

function Countdown({ retryAt }: { readonly retryAt: number | undefined }) {
  const now = useNow();
  const words = retryAt === undefined ? t.link.retrying : t.link.retryIn(Math.ceil((retryAt - now) / 1000));
  return <span className="text-small tabular-nums">{words}</span>;
}
