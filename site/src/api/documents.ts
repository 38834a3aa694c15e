/** The node's documents and the bundle that it follows. */
import { queryOptions } from "@tanstack/react-query";
import type { DocumentPlan, SyncState } from "../schema.gen.ts";
import { request } from "./client.ts";

export interface ApplyOptions {
  readonly prune: boolean;
  readonly newPasswords: boolean;
}

/** What a document would change at the node; nothing is changed. */
export const planDocument = (document: unknown, options: ApplyOptions) =>
  request<DocumentPlan>("/documents/plan", { method: "POST", body: document, query: queryOf(options) });

export const applyDocument = (document: unknown, options: ApplyOptions) =>
  request<DocumentPlan>("/documents/apply", { method: "POST", body: document, query: queryOf(options) });

export const exportDocument = () => request<Readonly<Record<string, unknown>>>("/documents");

export const syncQuery = queryOptions({
  queryKey: ["sync"],
  queryFn: () => request<SyncState>("/sync"),
  refetchInterval: 15_000,
});

export const checkSync = () => request<SyncState>("/sync/check", { method: "POST" });

export const rollBackSync = () => request<SyncState>("/sync/rollback", { method: "POST" });

function queryOf(options: ApplyOptions): Record<string, string> {
  return {
    ...(options.prune ? { prune: "true" } : {}),
    ...(options.newPasswords ? { new_passwords: "true" } : {}),
  };
}
