/** What the edge's settings page asks for: how texts and campaigns are handled, who said STOP, and whose data goes. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { EDGE } from "../core/live.ts";
import type { CampaignSettings, Consents, ConsentWrite, Erasure, TextSettings } from "./types.ts";

export const CONSENTS = [EDGE, "consents"] as const;

export const TEXT_SETTINGS = [EDGE, "text-settings"] as const;
export const CAMPAIGN_SETTINGS = [EDGE, "campaign-settings"] as const;

export const getTextSettings = () => request<TextSettings>("/texts/settings");
export const getCampaignSettings = () => request<CampaignSettings>("/campaigns/settings");

export const consentsQuery = (q: string) =>
  queryOptions({
    queryKey: [...CONSENTS, q],
    queryFn: () => request<Consents>("/texts/consents", { query: { q, limit: 100 } }),
    placeholderData: keepPreviousData,
  });

export const putTextSettings = (body: TextSettings) => request<TextSettings>("/texts/settings", { method: "PUT", body });
export const putCampaignSettings = (body: CampaignSettings) => request<CampaignSettings>("/campaigns/settings", { method: "PUT", body });
export const putConsent = (body: ConsentWrite) => request<Consents>("/texts/consents", { method: "POST", body });
export const erase = (number: string) => request<Erasure>("/erasure", { method: "POST", body: { number }, timeoutMs: 60_000 });
