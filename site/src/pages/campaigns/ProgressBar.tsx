/** How far a campaign is: arrived, on its way, in trouble, left out. The words say what the colours do. */
import { progressOf } from "../../core/campaign.ts";
import type { Campaign } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";

export function ProgressBar({ campaign }: { readonly campaign: Campaign }) {
  const progress = progressOf(campaign.counts);
  const parts = [
    [progress.delivered, "bg-good-line"],
    [progress.sent, "bg-accent"],
    [progress.trouble, "bg-bad-line"],
    [progress.skipped, "bg-line-strong"],
  ] as const;
  return (
    <span className="flex flex-col gap-1">
      <span
        role="progressbar"
        aria-label={e.campaigns.progress}
        aria-valuemin={0}
        aria-valuemax={campaign.people}
        aria-valuenow={progress.done}
        className="flex h-2.5 w-full overflow-hidden rounded-full bg-sunken"
      >
        {parts.map(([part, colour]) => (
          <span key={colour} className={`h-full ${colour}`} style={{ width: `${part * 100}%` }} />
        ))}
      </span>
      <span className="text-small text-soft tabular-nums">{e.campaigns.progressWords(progress.done, campaign.people, campaign.counts)}</span>
    </span>
  );
}
