/** What the pages ask the node for over HTTP. Live things (calls, phones) come over the WebSocket instead. */
import { keepPreviousData, queryOptions, QueryClient } from "@tanstack/react-query";
import { RequestFault, UNREACHABLE } from "../core/problem.ts";
import { showTimesOf } from "../core/time.ts";
import type {
  Cdr,
  CdrList,
  Extension,
  ExtensionPatch,
  ExtensionWrite,
  RefusedSignInList,
  NodeStatus,
  OfficeSettings,
  SessionView,
  SetupState,
  SipLogin,
} from "../schema.gen.ts";
import { request } from "./client.ts";
import { forget, keep, renew, type JwtGrant } from "./jwt.ts";
import { ELSEWHERE } from "./place.ts";

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

/** Who is logged in here; null for nobody. */
async function readSession(): Promise<SessionView | null> {
  if (!ELSEWHERE) {
    return request<SessionView>("/session", { expect401: true }).catch((fault: unknown) => {
      if (fault instanceof RequestFault && fault.status === 401) return null;
      throw fault;
    });
  }
  try {
    return (await renew())?.session ?? null;
  } catch (fault) {
    throw fault instanceof RequestFault ? fault : new RequestFault(UNREACHABLE, "unreachable", "");
  }
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    const session = await readSession();
    // Before any page is drawn: all times are those of the office.
    if (session !== null) showTimesOf(session.time_zone);
    return session;
  },
  staleTime: Infinity,
});

export const setupQuery = queryOptions({
  queryKey: ["setup"],
  queryFn: () => request<SetupState>("/setup"),
});

export const settingsQuery = queryOptions({
  queryKey: ["settings"],
  queryFn: () => request<OfficeSettings>("/settings"),
  staleTime: 60_000,
});

/** Phones that show a wrong password. */
export const refusedQuery = queryOptions({
  queryKey: ["refused-sign-ins"],
  queryFn: () => request<RefusedSignInList>("/refused-sign-ins", { query: { limit: 200 } }),
  refetchInterval: 10_000,
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

export interface LogIn {
  readonly username: string;
  readonly password: string;
  /** Of the second factor, once the node has asked for it. */
  readonly code?: string;
  /** Stay logged in when the browser is closed; only asked for at a node elsewhere. */
  readonly stay?: boolean;
}

export async function logIn({ stay, ...body }: LogIn): Promise<SessionView> {
  if (!ELSEWHERE) return request<SessionView>("/session", { method: "POST", body, expect401: true });
  return keep(await request<JwtGrant>("/jwt", { method: "POST", body, expect401: true }), stay ?? false).session;
}

export const setUp = (token: string, username: string, password: string) =>
  request<SessionView>("/setup", { method: "POST", body: { token, username, password }, expect401: true });

export async function logOut(): Promise<void> {
  // Nothing of theirs goes on ringing here.
  await import("../pocket/pocket.ts").then(({ leavePocket }) => leavePocket()).catch(() => undefined);
  await request<undefined>(ELSEWHERE ? "/jwt" : "/session", { method: "DELETE" });
  if (ELSEWHERE) forget();
}

export const createExtension = (record: Partial<ExtensionWrite>) =>
  request<Extension>("/extensions", { method: "POST", body: record });

export const changeExtension = (number: string, change: ExtensionPatch) =>
  request<Extension>(`/extensions/${number}`, { method: "PATCH", body: change });
