/** What the pages of voicemail, prompts, conferences, recordings and queues ask the node for, and tell it. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request, requestRaw } from "../api/client.ts";
import { queryClient } from "../api/queries.ts";
import type {
  AgentDuty,
  AgentStatus,
  ConferenceOrder,
  ConferenceStatus,
  MailboxStateList,
  PromptAudioList,
  QueueStatus,
  QueueStatusList,
  RecordingList,
  RecordingStorage,
  SipTrace,
  Voicemail,
  VoicemailList,
  VoicemailPatch,
} from "../schema.gen.ts";

export type Folder = "new" | "old" | "saved" | "bin";

export const VOICEMAIL = ["voicemail"] as const;
export const PROMPTS = ["prompts"] as const;
export const RECORDINGS = ["recordings"] as const;
export const QUEUES = ["queue-statuses"] as const;

export const boxesQuery = queryOptions({
  queryKey: [...VOICEMAIL, "boxes"],
  queryFn: () => request<MailboxStateList>("/mailbox-states", { query: { limit: 1000 } }),
});

export interface VoicemailFilter {
  readonly mailbox: string;
  readonly folder: Folder | undefined;
  readonly offset: number;
}

export const VOICEMAIL_PAGE = 50;

export const voicemailsQuery = (filter: VoicemailFilter) =>
  queryOptions({
    queryKey: [...VOICEMAIL, "messages", filter],
    queryFn: () => request<VoicemailList>("/voicemails", { query: { ...filter, limit: VOICEMAIL_PAGE } }),
    placeholderData: keepPreviousData,
  });

export const patchVoicemail = (id: string, change: Partial<VoicemailPatch>) =>
  request<Voicemail>(`/voicemails/${id}`, { method: "PATCH", body: change });

export const deleteVoicemail = (id: string, forever: boolean) =>
  request<undefined>(`/voicemails/${id}`, { method: "DELETE", query: forever ? { forever: "true" } : {} });

export const forwardVoicemail = (id: string, mailbox: string) =>
  request<Voicemail>(`/voicemails/${id}/forward`, { method: "POST", body: { mailbox } });

export type GreetingName = "custom" | "name";

export const greetingPath = (box: string, name: GreetingName) => `/mailboxes/${box}/greetings/${name}`;

export const deleteGreeting = (box: string, name: GreetingName) =>
  request<undefined>(greetingPath(box, name), { method: "DELETE" });

export const promptAudiosQuery = queryOptions({
  queryKey: [...PROMPTS, "audios"],
  queryFn: () => request<PromptAudioList>("/prompt-audios", { query: { limit: 1000 } }),
});

export const promptAudioPath = (id: string) => `/prompts/${id}/audio`;

export const deletePromptAudio = (id: string) => request<undefined>(promptAudioPath(id), { method: "DELETE" });

/** How a text sounds in the node's voice. Speaking a long text takes a small box a while. */
export const speak = async (text: string, language: string): Promise<Blob> =>
  (await requestRaw("/speech", { method: "POST", body: { text, language } })).blob();

export const orderConference = (number: string, order: Partial<ConferenceOrder>) =>
  request<ConferenceStatus>(`/conference-statuses/${number}`, { method: "PUT", body: order });

export const endConference = (number: string) =>
  request<undefined>(`/conference-statuses/${number}`, { method: "DELETE" });

export const inviteToConference = (number: string, whom: string) =>
  request<unknown>(`/conferences/${number}/members`, { method: "POST", body: { number: whom } });

export const muteMember = (number: string, member: number, muted: boolean) =>
  request<unknown>(`/conferences/${number}/members/${member}`, { method: "PUT", body: { muted } });

export const removeMember = (number: string, member: number) =>
  request<undefined>(`/conferences/${number}/members/${member}`, { method: "DELETE" });

export interface RecordingsFilter {
  readonly number?: string | undefined;
  readonly extension?: string | undefined;
  readonly queue?: string | undefined;
  readonly trunk?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly call?: string | undefined;
  readonly deleted?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export const recordingsQuery = (filter: RecordingsFilter) =>
  queryOptions({
    queryKey: [...RECORDINGS, "list", filter],
    queryFn: () => request<RecordingList>("/recordings", { query: { ...filter } }),
    placeholderData: keepPreviousData,
  });

export const storageQuery = queryOptions({
  queryKey: [...RECORDINGS, "storage"],
  queryFn: () => request<RecordingStorage>("/recording-storage"),
  staleTime: 60_000,
});

export const recordingPath = (id: string) => `/recordings/${encodeURIComponent(id)}/audio`;

export const deleteRecording = (id: string) =>
  request<undefined>(`/recordings/${encodeURIComponent(id)}`, { method: "DELETE" });

/** A wallboard is looked at, not clicked: it asks by itself. */
/** A queue, and when that was so (ms of this browser): what counts up, counts from there. */
export interface QueueSeen {
  readonly queue: QueueStatus;
  readonly at: number;
}

/** Asked for once a minute, for what no event tells (midnight); in between, events bring each change. */
export const queuesQuery = queryOptions({
  queryKey: QUEUES,
  queryFn: async (): Promise<readonly QueueSeen[]> => {
    const { items } = await request<QueueStatusList>("/queue-statuses", { query: { limit: 200 } });
    return items.map((queue) => ({ queue, at: Date.now() }));
  },
  refetchInterval: 60_000,
  refetchIntervalInBackground: true,
});

/** Takes what live events have told of queues since `before` into what is shown. */
export function takeQueues(before: ReadonlyMap<string, QueueStatus>, now: ReadonlyMap<string, QueueStatus>): void {
  const changed = new Map([...now].filter(([number, queue]) => before.get(number) !== queue));
  const known = queryClient.getQueryData(queuesQuery.queryKey);
  if (known === undefined || [...changed.keys(), ...before.keys()].some((number) => !now.has(number) || !known.some(({ queue }) => queue.queue === number))) {
    void queryClient.invalidateQueries({ queryKey: QUEUES });
    return;
  }
  const at = Date.now();
  queryClient.setQueryData(
    queuesQuery.queryKey,
    known.map((each) => {
      const queue = changed.get(each.queue.queue);
      return queue === undefined ? each : { queue, at };
    }),
  );
}

export const setDuty = (queue: string, extension: string, duty: AgentDuty) =>
  request<AgentStatus>(`/queue-statuses/${queue}/agents/${extension}`, { method: "PUT", body: duty });

export const traceQuery = (call: string) =>
  queryOptions({
    queryKey: ["sip-traces", call],
    queryFn: () => request<SipTrace>(`/sip-traces/${encodeURIComponent(call)}`),
    staleTime: 30_000,
  });
