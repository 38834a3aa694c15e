/** What the pages of campaigns ask the edge for, through the node. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { EDGE } from "../core/live.ts";
import type {
  Campaign,
  CampaignPatch,
  CampaignPreview,
  CampaignRecipients,
  Campaigns,
  CampaignSettle,
  CampaignStart,
  CampaignWrite,
} from "./types.ts";

export const CAMPAIGNS = [EDGE, "campaigns"] as const;
const LONG_MS = 60_000;

export const campaignsQuery = (q: string) =>
  queryOptions({
    queryKey: [...CAMPAIGNS, "list", q],
    queryFn: () => request<Campaigns>("/campaigns", { query: { q, limit: 200 } }),
    placeholderData: keepPreviousData,
  });

export const campaignQuery = (id: string) =>
  queryOptions({ queryKey: [...CAMPAIGNS, "one", id], queryFn: () => request<Campaign>(`/campaigns/${id}`) });

export const previewQuery = (id: string) =>
  queryOptions({
    queryKey: [EDGE, "preview", id],
    queryFn: () => request<CampaignPreview>(`/campaigns/${id}/preview`, { timeoutMs: LONG_MS }),
    placeholderData: keepPreviousData,
  });

export interface RecipientFilter {
  readonly state?: string;
  readonly q?: string;
  readonly limit: number;
  readonly offset: number;
}

export const recipientsQuery = (id: string, filter: RecipientFilter) =>
  queryOptions({
    queryKey: [...CAMPAIGNS, "recipients", id, filter],
    queryFn: () => request<CampaignRecipients>(`/campaigns/${id}/recipients`, { query: { ...filter } }),
    placeholderData: keepPreviousData,
  });

export const createCampaign = (body: Partial<CampaignWrite>) => request<Campaign>("/campaigns", { method: "POST", body, timeoutMs: LONG_MS });
export const changeCampaign = (id: string, body: Partial<CampaignPatch>) =>
  request<Campaign>(`/campaigns/${id}`, { method: "PATCH", body, timeoutMs: LONG_MS });
export const deleteCampaign = (id: string) => request<undefined>(`/campaigns/${id}`, { method: "DELETE" });
export const startCampaign = (id: string, body: Partial<CampaignStart>) =>
  request<Campaign>(`/campaigns/${id}/start`, { method: "POST", body, timeoutMs: LONG_MS });
export const steerCampaign = (id: string, what: "pause" | "resume" | "cancel") => request<Campaign>(`/campaigns/${id}/${what}`, { method: "POST" });
export const settleCampaign = (id: string, body: Partial<CampaignSettle>) => request<Campaign>(`/campaigns/${id}/settle`, { method: "POST", body });
