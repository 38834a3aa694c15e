/** What the records that nodes name are called. */
import { useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import type { NameOf } from "../../flow/summary.ts";
import { referenceOf } from "../../flow/summary.ts";
import type { NodeType } from "../../flow/types.ts";
import { kindNamed, KINDS } from "../../office/kinds.ts";
import { useSource, type OfficeRecord } from "../../office/source.ts";
import { recordsQuery } from "../../records/data.ts";

function kindsOf(types: ReadonlyMap<string, NodeType>): readonly string[] {
  const named = [...types.values()].flatMap((type) => Object.values(type.parameters.properties ?? {}).flatMap((schema) => referenceOf(schema) ?? []));
  return [...new Set(named)].filter((kind) => KINDS.some((each) => each.name === kind));
}

/** The very same function as long as nothing is called otherwise. */
export function useNames(types: ReadonlyMap<string, NodeType>): NameOf {
  const source = useSource();
  const kinds = useMemo(() => kindsOf(types), [types]);
  const lists = useQueries({ queries: kinds.map((kind) => recordsQuery(source, kind)), combine: (results) => results.map((each) => each.data) });
  // The lists are shared by what they hold, so one text says whether any is another.
  return useMemo(() => {
    const names = new Map(kinds.map((kind, index) => [kind, byKey(kind, lists[index] ?? [])]));
    return (kind, key) => names.get(kind)?.get(key);
  }, [kinds, lists]);
}

function byKey(kind: string, records: readonly OfficeRecord[]): ReadonlyMap<string, string> {
  const { key } = kindNamed(kind);
  return new Map(records.flatMap((record) => (typeof record["name"] === "string" && record["name"] !== "" ? [[String(record[key]), record["name"]] as const] : [])));
}
