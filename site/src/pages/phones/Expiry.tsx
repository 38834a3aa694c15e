import { formatFull, formatRemaining } from "../../core/time.ts";
import { useClockOffset, useLive } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { useNow } from "../../ui/now.ts";

/** How long a registration still holds, counted with the node's clock. */
export function Expiry({ at }: { readonly at: string }) {
  const now = useNow();
  const { frozenAt } = useLive();
  const left = (Date.parse(at) - (frozenAt ?? now) - useClockOffset()) / 1000;
  return (
    <time dateTime={at} title={formatFull(at, t.locale)} className="whitespace-nowrap tabular-nums">
      {left > 0 ? t.phones.expiresIn(formatRemaining(left, t.duration)) : t.phones.expired}
    </time>
  );
}
