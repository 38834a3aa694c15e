/** What the editor asks the node about a flow, beside its document. */
import { queryOptions } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import type { Flow } from "../../flow/types.ts";
import type { FlowCheck, FlowRevision, FlowStateList, FlowTemplateList } from "../../schema.gen.ts";

export const FLOW_STATES = ["flow-states"] as const;

export const flowStatesQuery = queryOptions({
  queryKey: FLOW_STATES,
  queryFn: () => request<FlowStateList>("/flow-states", { query: { limit: 1000 } }),
});

export const templatesQuery = queryOptions({
  queryKey: ["flow-templates"],
  queryFn: () => request<FlowTemplateList>("/flow-templates"),
  staleTime: Infinity,
});

export const flowPath = (number: string) => `/flows/${encodeURIComponent(number)}`;

export const checkFlow = (number: string) => request<FlowCheck>(`${flowPath(number)}/check`);

export interface PublishOrder {
  readonly comment: string;
  readonly override: boolean;
}

/** Only the draft that was seen here. */
export const publishFlow = (number: string, etag: string, order: PublishOrder) =>
  request<FlowRevision>(`${flowPath(number)}/publish`, { method: "POST", body: order, headers: { "If-Match": etag } });

export const unpublishFlow = (number: string) => request<undefined>(`${flowPath(number)}/unpublish`, { method: "POST" });

/** A file for whoever sits at the browser. */
export function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

export const fileName = (flow: Pick<Flow, "number" | "name">) => `flow-${flow.number}-${flow.name.replace(/[^\p{L}\p{N}]+/gu, "-").toLowerCase()}.json`;
