import { CAMPAIGN_SETTINGS, getCampaignSettings, putCampaignSettings } from "../../edge/settings.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { SettingsCard } from "./SettingsCard.tsx";

export function CampaignsTab() {
  return (
    <SettingsCard
      title={e.settings.campaigns}
      write="CampaignSettings"
      queryKey={CAMPAIGN_SETTINGS}
      ask={getCampaignSettings}
      put={putCampaignSettings}
      may={useMay("campaigns:write")}
    />
  );
}
