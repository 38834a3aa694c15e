/** What the pages of outside numbers ask the edge for, through the node. */
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import { EDGE } from "../core/live.ts";
import type { ForSaleList, NumberOrder, OutsideNumber, OutsideNumberList, UnassignedList } from "./types.ts";
import type { InboundNumber } from "../schema.gen.ts";

export const NUMBERS = [EDGE, "numbers"] as const;
/** Twilio is asked meanwhile. */
const LONG_MS = 45_000;

export const numbersQuery = ({ q = "" }: { readonly q?: string }) =>
  queryOptions({
    queryKey: [...NUMBERS, "list", q],
    queryFn: () => request<OutsideNumberList>("/numbers", { query: { q, limit: 500 } }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });

export interface ForSaleFilter {
  readonly country: string;
  readonly kind: string;
  readonly area_code: string;
  readonly contains: string;
}

export const forSaleQuery = (filter: ForSaleFilter) =>
  queryOptions({
    queryKey: [EDGE, "for-sale", filter],
    queryFn: () => request<ForSaleList>("/numbers/search", { query: { ...filter }, timeoutMs: LONG_MS }),
    staleTime: 60_000,
  });

export const unassignedQuery = queryOptions({
  queryKey: [...NUMBERS, "unassigned"],
  queryFn: () => request<UnassignedList>("/numbers/unassigned", { timeoutMs: LONG_MS }),
  staleTime: 60_000,
});

export const checkNumbers = () => request<OutsideNumberList>("/numbers/check", { method: "POST", timeoutMs: LONG_MS });
export const adoptNumber = (body: { readonly number: string; readonly name: string }) =>
  request<OutsideNumber>("/numbers/adopt", { method: "POST", body, timeoutMs: LONG_MS });
export const buyNumber = (body: Partial<NumberOrder>) =>
  request<OutsideNumber>("/numbers", { method: "POST", body, timeoutMs: LONG_MS });
/** The node buys it at the edge, and leads its calls to the extension. `order` names the wish: repeated, it buys nothing twice. */
export const giveNumber = (extension: string, { order, ...body }: { readonly number: string; readonly country: string; readonly kind: NumberOrder["kind"]; readonly order: string }) =>
  request<InboundNumber>(`/extensions/${extension}/outside-number`, { method: "POST", body, headers: { "Idempotency-Key": order }, timeoutMs: LONG_MS });
export const repairNumber = (number: string) => request<OutsideNumber>(`/numbers/${encodeURIComponent(number)}/repair`, { method: "POST", timeoutMs: LONG_MS });
export const releaseNumber = (number: string) => request<undefined>(`/numbers/${encodeURIComponent(number)}`, { method: "DELETE", query: { confirm: number }, timeoutMs: LONG_MS });
