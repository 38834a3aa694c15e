/** What the pages of texts ask the edge for, through the node. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { EDGE } from "../core/live.ts";
import type { Conversation, ConversationDetail, ConversationNote, Conversations, TextMessage, TextTemplate, TextTemplates } from "./types.ts";

export const CONVERSATIONS = [EDGE, "conversations"] as const;
export const TEMPLATES = [EDGE, "templates"] as const;
const PAGE = 50;

export interface Pair {
  readonly from: string;
  readonly to: string;
}

export interface InboxFilter {
  readonly q?: string;
  readonly unread?: "true";
  readonly mode?: Conversation["mode"];
  readonly assigned_to?: string;
  readonly number?: string;
}

const pathOf = ({ from, to }: Pair) => `/conversations/${encodeURIComponent(from)}/${encodeURIComponent(to)}`;

export const conversationsQuery = (filter: InboxFilter) =>
  infiniteQueryOptions({
    queryKey: [...CONVERSATIONS, "list", filter],
    queryFn: ({ pageParam, signal }) =>
      request<Conversations>("/conversations", { query: { ...filter, limit: PAGE, offset: pageParam }, signal }),
    initialPageParam: 0,
    getNextPageParam: (last, pages) => {
      const loaded = pages.reduce((sum, page) => sum + page.items.length, 0);
      return last.items.length > 0 && loaded < last.total ? loaded : undefined;
    },
    placeholderData: keepPreviousData,
  });

export const threadQuery = (pair: Pair, limit: number) =>
  queryOptions({
    queryKey: [...CONVERSATIONS, "thread", pair.from, pair.to, limit],
    queryFn: () => request<ConversationDetail>(pathOf(pair), { query: { limit } }),
    placeholderData: keepPreviousData,
  });

export const templatesQuery = queryOptions({
  queryKey: TEMPLATES,
  queryFn: () => request<TextTemplates>("/texts/templates"),
  staleTime: 60_000,
});

export interface ReplyWrite extends Pair {
  readonly text: string;
  readonly media?: readonly string[];
  /** The last message that was on the screen; the edge asks back when another has come. */
  readonly seen?: string;
  readonly anyway?: boolean;
}

export const reply = (body: ReplyWrite) => request<TextMessage>("/conversations/reply", { method: "POST", body });
export const sendText = (body: { readonly to: string; readonly text: string; readonly from: string | null; readonly id: string }) =>
  request<TextMessage>("/sms/send", { method: "POST", body });
export const markRead = (pair: Pair) => request<Conversation>(`${pathOf(pair)}/read`, { method: "POST" });
export const markUnread = (pair: Pair) => request<Conversation>(`${pathOf(pair)}/unread`, { method: "POST" });
export const takeOver = (pair: Pair) => request<Conversation>(`${pathOf(pair)}/take-over`, { method: "POST" });
export const handBack = (pair: Pair) => request<Conversation>(`${pathOf(pair)}/hand-back`, { method: "POST" });
export const assign = (pair: Pair, to: string) => request<Conversation>(`${pathOf(pair)}/assignment`, { method: "PUT", body: { to } });
export const sayTyping = (pair: Pair, typing: boolean) => request<Conversation>(`${pathOf(pair)}/typing`, { method: "PUT", body: { typing } });
export const sendAgain = (id: string) => request<TextMessage>(`/texts/messages/${id}/again`, { method: "POST" });
export const addNote = (pair: Pair, text: string) => request<ConversationNote>(`${pathOf(pair)}/notes`, { method: "POST", body: { text } });
export const deleteNote = (pair: Pair, id: string) => request<undefined>(`${pathOf(pair)}/notes/${id}`, { method: "DELETE" });
export const createTemplate = (body: { readonly name: string; readonly text: string }) =>
  request<TextTemplate>("/texts/templates", { method: "POST", body });
export const changeTemplate = (id: string, body: { readonly name: string; readonly text: string }) =>
  request<TextTemplate>(`/texts/templates/${id}`, { method: "PUT", body });
export const deleteTemplate = (id: string) => request<undefined>(`/texts/templates/${id}`, { method: "DELETE" });
/** Keeps a picture at the edge until a text is sent with it. */
export const uploadMedia = (file: File) => request<{ readonly id: string }>("/texts/media", { method: "POST", body: file, timeoutMs: 60_000 });
