/** The records of the office for components: whole kinds, kept for some seconds, read again after each change. */
import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { KINDS, kindNamed, type Kind } from "../office/kinds.ts";
import { useSource, type OfficeRecord, type RecordSource } from "../office/source.ts";
import type { Schemas } from "../forms/json.ts";
import { textOf, usersOf, type User } from "./references.ts";

const PAGE = 1000;

async function everything(source: RecordSource, kind: string): Promise<readonly OfficeRecord[]> {
  const found: OfficeRecord[] = [];
  for (;;) {
    const { items, total } = await source.list(kind, { limit: PAGE, offset: found.length });
    found.push(...items);
    if (items.length === 0 || found.length >= total) return found;
  }
}

export const recordsQuery = (source: RecordSource, kind: string) =>
  queryOptions({ queryKey: ["records", source.mode, kind], queryFn: () => everything(source, kind), staleTime: 5_000 });

export const recordQuery = (source: RecordSource, kind: string, key: string) =>
  queryOptions({
    queryKey: ["record", source.mode, kind, key],
    queryFn: () => source.get(kind, key),
    // What a form begins with must be what is there now.
    staleTime: 0,
    gcTime: 0,
    refetchOnReconnect: false,
  });

export function useRecords(kind: string) {
  const source = useSource();
  return useQuery(recordsQuery(source, kind));
}

/** Everything that was read of records is old. */
export function useRenew(): () => Promise<unknown> {
  const client = useQueryClient();
  return useCallback(
    () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ["records"] }),
        client.invalidateQueries({ queryKey: ["users-of"] }),
        client.invalidateQueries({ queryKey: ["trunk-statuses"] }),
      ]),
    [client],
  );
}

/** Who names this record, with the flows among them. */
export function useUsers(kind: Kind, key: string | undefined) {
  const source = useSource();
  const client = useQueryClient();
  return useQuery({
    queryKey: ["users-of", source.mode, kind.name, key],
    enabled: key !== undefined,
    staleTime: 5_000,
    queryFn: async (): Promise<readonly User[]> => {
      const [{ default: schemas }, { default: nodes }] = await Promise.all([
        import("virtual:record-schemas"),
        import("../../schema/nodes.json"),
      ]);
      const lists = await Promise.all(KINDS.map((each) => client.query(recordsQuery(source, each.name))));
      const office = new Map(KINDS.map((each, index) => [each, lists[index] ?? []] as const));
      return usersOf(office, schemas as Schemas, nodes.nodes, kind, key ?? "");
    },
  });
}

/** "101 Alice Morgan": what a person calls a record. */
export function titleOf(kind: Kind, record: OfficeRecord): string {
  const key = textOf(record[kind.key]);
  const name = textOf(record["name"]);
  if (name === "") return key;
  return kind.key === "id" ? name : `${key} ${name}`;
}

export function keyOf(kind: Kind, record: OfficeRecord): string {
  return textOf(record[kind.key]);
}

export { kindNamed };
