/** What the phone asks the node for, as the app on a phone does. */
import { infiniteQueryOptions, queryOptions, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";
import type {
  AppDirectory,
  AppHistory,
  AppProfile,
  AppSpeedDials,
  CallNoteList,
  ParkedList,
  TextMessage,
  TextMessageList,
  Voicemail,
  VoicemailList,
} from "../schema.gen.ts";

/** The first part of every key: all of it is asked for again when a call ends. */
export const PHONE = "phone";
const PAGE = 30;

export const profileQuery = queryOptions({
  queryKey: [PHONE, "profile"],
  queryFn: () => request<AppProfile>("/app/profile"),
  refetchInterval: 30_000,
});

export const useProfile = (): UseQueryResult<AppProfile> => useQuery(profileQuery);

export const directoryQuery = queryOptions({
  queryKey: [PHONE, "directory"],
  queryFn: () => request<AppDirectory>("/app/directory", { query: { limit: 1000 } }),
  refetchInterval: 5_000,
});

export const speedDialsQuery = queryOptions({
  queryKey: [PHONE, "speed-dials"],
  queryFn: () => request<AppSpeedDials>("/app/speed-dials"),
  staleTime: 60_000,
});

export const parkedQuery = queryOptions({
  queryKey: [PHONE, "parked"],
  queryFn: () => request<ParkedList>("/app/parked-calls"),
  refetchInterval: 2_500,
});

export const historyQuery = infiniteQueryOptions({
  queryKey: [PHONE, "history"],
  queryFn: ({ pageParam }) => request<AppHistory>("/app/history", { query: { limit: PAGE, offset: pageParam } }),
  initialPageParam: 0,
  getNextPageParam: (last, pages) => {
    const seen = pages.reduce((sum, page) => sum + page.items.length, 0);
    return seen < last.total ? seen : undefined;
  },
  refetchInterval: 60_000,
});

export const voicemailQuery = queryOptions({
  queryKey: [PHONE, "voicemail"],
  queryFn: () => request<VoicemailList>("/app/voicemails", { query: { limit: 50 } }),
  refetchInterval: 30_000,
});

export const messagesQuery = (extension: string) =>
  queryOptions({
    queryKey: [PHONE, "messages", extension],
    queryFn: () => request<TextMessageList>("/messages", { query: { extension, limit: 200 } }),
    refetchInterval: 6_000,
  });

export const again = (what: string): Promise<void> => queryClient.invalidateQueries({ queryKey: [PHONE, what] });

export const putNote = (call: string, text: string) =>
  request<CallNoteList>(`/app/calls/${call}/note`, { method: "PUT", body: { text } });

export const patchProfile = (change: Record<string, unknown>) =>
  request<AppProfile>("/app/profile", { method: "PATCH", body: change });

export const patchMessage = (id: string, read: boolean) =>
  request<Voicemail>(`/app/voicemails/${id}`, { method: "PATCH", body: { read } });

export const deleteMessage = (id: string) => request<undefined>(`/app/voicemails/${id}`, { method: "DELETE" });

export const sendText = (from: string, to: string, text: string) =>
  request<TextMessage>("/messages", { method: "POST", body: { from_extension: from, to_extension: to, text } });
