/** What the panels ask the node: made-up calls, tests, traffic, revisions. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../../../api/client.ts";
import type {
  CdrList,
  FlowDiff,
  FlowRevision,
  FlowRevisionList,
  FlowScript,
  FlowTestReport,
  FlowTraffic,
  OfficeFlag,
  Simulation,
} from "../../../schema.gen.ts";
import { HISTORY } from "../../../api/queries.ts";

const one = (number: string) => `/flows/${encodeURIComponent(number)}`;

export const simulateFlow = (number: string, script: FlowScript) =>
  request<Simulation>(`${one(number)}/simulate`, { method: "POST", body: script });

export const testFlow = (number: string) => request<FlowTestReport>(`${one(number)}/tests`, { method: "POST" });

export const rollBackFlow = (number: string, revision: number, comment: string, override: boolean) =>
  request<FlowRevision>(`${one(number)}/rollback`, { method: "POST", body: { revision, comment, override } });

export const PERIODS = ["1d", "7d", "30d", "90d"] as const;
export type Period = (typeof PERIODS)[number];

export const trafficQuery = (number: string, period: Period) =>
  queryOptions({
    queryKey: [...HISTORY, "traffic", number, period],
    queryFn: () => request<FlowTraffic>(`${one(number)}/traffic`, { query: { period } }),
  });

export const flowCallsQuery = (number: string) =>
  queryOptions({
    queryKey: [...HISTORY, "flow", number],
    queryFn: () => request<CdrList>("/cdrs", { query: { flow: number, limit: 20 } }),
  });

export const PAGE = 50;

/** `stored` is the editor's count of what the node has taken: another list after each publishing. */
export const revisionsQuery = (number: string, stored: number, limit: number) =>
  queryOptions({
    queryKey: ["flow-revisions", number, stored, limit],
    queryFn: () => request<FlowRevisionList>(`${one(number)}/revisions`, { query: { limit } }),
    placeholderData: keepPreviousData,
  });

/** Never changes; "live" does. */
export const revisionQuery = (number: string, revision: number) =>
  queryOptions({
    queryKey: ["flow-revision", number, revision],
    queryFn: () => request<FlowRevision>(`${one(number)}/revisions/${revision}`),
    staleTime: Infinity,
  });

export const liveRevisionQuery = (number: string, stored: number) =>
  queryOptions({
    queryKey: ["flow-revision", number, "live", stored],
    queryFn: () => request<FlowRevision>(`${one(number)}/revisions/live`),
    placeholderData: keepPreviousData,
  });

/** With `saved`, the node has the draft first. */
export const diffQuery = (number: string, before: string, after: string, stored: number, saved?: () => Promise<void>) =>
  queryOptions({
    queryKey: ["flow-diff", number, before, after, stored],
    queryFn: async () => {
      await saved?.();
      return await request<FlowDiff>(`${one(number)}/diff`, { query: { before, after } });
    },
  });

export const flagsQuery = queryOptions({
  queryKey: ["office-flags"],
  queryFn: () => request<{ readonly items: readonly OfficeFlag[] }>("/office-flags"),
});
