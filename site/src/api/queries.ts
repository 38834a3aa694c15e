/** What the pages ask the node for over HTTP. Live things (calls, phones) come over the WebSocket instead. */
import { keepPreviousData, queryOptions, QueryClient } from "@tanstack/react-query";
import { RequestFault } from "../core/problem.ts";
import type {
  Cdr,
  CdrList,
  Extension,
  ExtensionPatch,
  ExtensionWrite,
  NodeStatus,
  SessionView,
  SetupState,
  SipLogin,
} from "../schema.gen.ts";
import { request } from "./client.ts";

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // A fault that will not mend itself is shown at once; an unreachable node is the live line's business.
      retry: false,
      networkMode: "always",
      refetchOnWindowFocus: false,
    },
    mutations: { networkMode: "always" },
  },
});

export const HISTORY = ["cdrs"] as const;

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: () =>
    request<SessionView>("/session", { expect401: true }).catch((fault: unknown) => {
      if (fault instanceof RequestFault && fault.status === 401) return null;
      throw fault;
    }),
  staleTime: Infinity,
});

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: () => request<SetupState>("/setup"),
});

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: async () => ({ status: await request<NodeStatus>("/status"), receivedAt: Date.now() }),
  refetchInterval: 15_000,
});

/** Which calls, by the names of the API. */
export type CdrFilter = Readonly<Record<string, string | number>>;

export interface HistoryFilter extends CdrFilter {
  readonly limit: number;
  readonly offset: number;
}

export const historyQuery = (filter: HistoryFilter) =>
  queryOptions({
    queryKey: [...HISTORY, filter],
    queryFn: () => request<CdrList>("/cdrs", { query: filter }),
    placeholderData: keepPreviousData,
  });

export const HISTORY_PAGE = 100;

/** One part of a long list. Who scrolls past it before it came does not wait for it. */
export const historyPartQuery = (filter: CdrFilter, part: number) =>
  queryOptions({
    queryKey: [...HISTORY, "part", filter, part],
    queryFn: ({ signal }) =>
      request<CdrList>("/cdrs", { query: { ...filter, limit: HISTORY_PAGE, offset: part * HISTORY_PAGE }, signal }),
  });

export const callQuery = (id: string) =>
  queryOptions({
    queryKey: [...HISTORY, "one", id],
    queryFn: () => request<Cdr>(`/cdrs/${encodeURIComponent(id)}`),
  });

/** Never kept: a password that nobody looks at has no business in memory. */
export const sipLoginQuery = (number: string) =>
  queryOptions({
    queryKey: ["sip-login", number],
    queryFn: () => request<SipLogin>(`/extensions/${number}/sip-login`, { query: { qr: "true" } }),
    gcTime: 0,
    staleTime: 0,
  });

export const logIn = (username: string, password: string) =>
  request<SessionView>("/session", { method: "POST", body: { username, password }, expect401: true });

export const setUp = (token: string, username: string, password: string) =>
  request<SessionView>("/setup", { method: "POST", body: { token, username, password }, expect401: true });

export const logOut = () => request<undefined>("/session", { method: "DELETE" });

export const createExtension = (record: Partial<ExtensionWrite>) =>
  request<Extension>("/extensions", { method: "POST", body: record });

export const changeExtension = (number: string, change: ExtensionPatch) =>
  request<Extension>(`/extensions/${number}`, { method: "PATCH", body: change });

export const deleteExtension = (number: string) =>
  request<undefined>(`/extensions/${number}`, { method: "DELETE" });
