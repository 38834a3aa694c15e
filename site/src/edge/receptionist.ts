/** What the receptionist's page asks the edge for. */
import { queryOptions } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { EDGE } from "../core/live.ts";
import type { HeldVoicemails, Receptionist, TextTrial, TextTrialAnswer, Trial, TrialAnswer } from "./types.ts";

export const RECEPTIONIST = [EDGE, "receptionist"] as const;

export const receptionistQuery = queryOptions({
  queryKey: RECEPTIONIST,
  queryFn: () => request<Receptionist>("/receptionist"),
  staleTime: 60_000,
});

export const heldQuery = queryOptions({
  queryKey: [EDGE, "held"],
  queryFn: () => request<HeldVoicemails>("/receptionist/voicemails"),
  refetchInterval: 30_000,
});

export const putReceptionist = (body: Receptionist) => request<Receptionist>("/receptionist", { method: "PUT", body });
export const tryCall = (body: Partial<Trial>) => request<TrialAnswer>("/receptionist/try", { method: "POST", body, timeoutMs: 30_000 });
export const tryText = (body: TextTrial) => request<TextTrialAnswer>("/texts/trial", { method: "POST", body, timeoutMs: 60_000 });
export const dropHeld = (id: string) => request<undefined>(`/receptionist/voicemails/${id}`, { method: "DELETE" });
