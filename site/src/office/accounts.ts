/** Users, programs and the audit log of a node. */
import { queryOptions, keepPreviousData } from "@tanstack/react-query";
import { request } from "../api/client.ts";
import type { Role } from "../core/access.ts";
import type { AuditEntry, Invitation, OwnSessionList, Redeemed, Token, User } from "../schema.gen.ts";

export type Account = User;
export type Program = Token;

export interface AccountWrite {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
  readonly extension: string | null;
}

export interface AccountPatch {
  readonly role?: Role;
  readonly extension?: string | null;
  readonly enabled?: boolean;
  readonly password?: string;
  readonly second_factor?: false;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

export const USERS = ["user"] as const;
export const usersQuery = queryOptions({
  queryKey: USERS,
  queryFn: () => request<Page<Account>>("/users", { query: { limit: 500 } }),
});
export const createUser = (user: AccountWrite) => request<Account>("/users", { method: "POST", body: user });
export const changeUser = (id: string, change: AccountPatch) =>
  request<Account>(`/users/${id}`, { method: "PATCH", body: change });
export const deleteUser = (id: string) => request<undefined>(`/users/${id}`, { method: "DELETE" });

export const invite = (id: string) => request<Invitation>(`/users/${id}/invitation`, { method: "POST" });
export const redeemInvitation = (token: string, password: string) =>
  request<Redeemed>("/invitation", { method: "POST", body: { token, password }, expect401: true });

export const OWN_SESSIONS = ["own-sessions"] as const;
export const ownSessionsQuery = queryOptions({ queryKey: OWN_SESSIONS, queryFn: () => request<OwnSessionList>("/sessions") });
export const endSession = (id: string) => request<undefined>(`/sessions/${id}`, { method: "DELETE" });

export const TOKENS = ["token"] as const;
export const tokensQuery = queryOptions({
  queryKey: TOKENS,
  queryFn: () => request<Page<Program>>("/tokens", { query: { limit: 500 } }),
});
export const createToken = (token: { readonly name: string; readonly scopes: readonly string[]; readonly expires_at: string | null }) =>
  request<{ readonly token: Program; readonly secret: string }>("/tokens", { method: "POST", body: token });
export const deleteToken = (id: string) => request<undefined>(`/tokens/${id}`, { method: "DELETE" });

export interface AuditFilter {
  readonly actor: string;
  readonly kind: string;
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly offset: number;
}

export const auditQuery = (filter: AuditFilter) =>
  queryOptions({
    queryKey: ["audit", filter],
    queryFn: () => request<Page<AuditEntry>>("/audit", { query: { ...filter } }),
    placeholderData: keepPreviousData,
  });

export interface FactorSetup {
  readonly secret: string;
  readonly uri: string;
  readonly qr_svg: string;
}

export const changePassword = (old: string, next: string) =>
  request<undefined>("/session/password", { method: "PUT", body: { old, new: next }, expect401: true });
export const beginFactor = () => request<FactorSetup>("/session/second-factor", { method: "POST" });
export const confirmFactor = (code: string) =>
  request<{ readonly recovery_codes: readonly string[] }>("/session/second-factor", { method: "PUT", body: { code } });
export const removeFactor = (password: string) =>
  request<undefined>("/session/second-factor", { method: "DELETE", body: { password }, expect401: true });
