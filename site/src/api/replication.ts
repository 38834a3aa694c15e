/** The replica of the office. */
import { queryOptions } from "@tanstack/react-query";
import type { DrillReport, ReplicationState } from "../schema.gen.ts";
import { request } from "./client.ts";

export const replicationQuery = queryOptions({
  queryKey: ["replication"],
  queryFn: () => request<ReplicationState>("/replication"),
  refetchInterval: 5_000,
});

/** Takes seconds for a small office, minutes for a large one. */
export const drillReplication = () => request<DrillReport>("/replication/drill", { method: "POST", timeoutMs: 1_800_000 });
