/** Saving a record: made or replaced, with what to do when somebody else was faster. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { RequestFault } from "../core/problem.ts";
import type { Data } from "../forms/json.ts";
import type { Kind } from "../office/kinds.ts";
import { useSource, type Found } from "../office/source.ts";
import { keyOf, useRenew } from "./data.ts";

export interface Conflict {
  readonly base: Data;
  readonly mine: Data;
  readonly theirs: Found;
}

interface Order {
  readonly write: Data;
  /** Replaced; without one, it is created. */
  readonly from: Found | undefined;
}

export function useSaving(kind: Kind, onSaved: (key: string, found: Found) => void) {
  const source = useSource();
  const renew = useRenew();
  const [conflict, setConflict] = useState<Conflict>();
  const saving = useMutation({
    mutationFn: ({ write, from }: Order) =>
      from === undefined ? source.create(kind.name, write) : source.replace(kind.name, keyOf(kind, from.record), write, from.etag),
    onSuccess: async (found) => {
      setConflict(undefined);
      await renew();
      onSaved(keyOf(kind, found.record), found);
    },
    onError: async (fault, { write, from }) => {
      if (!(fault instanceof RequestFault) || fault.status !== 412 || from === undefined) return;
      const theirs = await source.get(kind.name, keyOf(kind, from.record));
      setConflict({ base: from.record, mine: write, theirs });
    },
  });
  return { saving, conflict, settle: () => setConflict(undefined) };
}
