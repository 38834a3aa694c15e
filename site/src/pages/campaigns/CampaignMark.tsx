import type { Campaign } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const TONES: Readonly<Record<Campaign["state"], Tone>> = {
  draft: "plain",
  scheduled: "warn",
  running: "live",
  paused: "warn",
  cancelled: "bad",
  finished: "good",
};

export function CampaignMark({ campaign }: { readonly campaign: Campaign }) {
  return <StatusMark tone={TONES[campaign.state]}>{e.campaigns.states[campaign.state]}</StatusMark>;
}
