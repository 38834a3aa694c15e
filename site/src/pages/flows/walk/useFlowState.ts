/** The states of a flow by their names: "draft", or the number of a revision. */
import { useQuery } from "@tanstack/react-query";
import { useEditor } from "../../../flow/editor.ts";
import type { Flow } from "../../../flow/types.ts";
import { t } from "../../../text/index.ts";
import { revisionQuery } from "./queries.ts";

export const DRAFT = "draft";

export interface State {
  readonly document: Flow | undefined;
  readonly fault: Error | null;
}

export function useFlowState(state: string): State {
  const { number, draft } = useEditor();
  const { data, error } = useQuery({ ...revisionQuery(number, Number(state)), enabled: state !== DRAFT });
  return state === DRAFT
    ? { document: draft, fault: null }
    : { document: data?.document ?? undefined, fault: error };
}

export function stateName(state: string): string {
  return state === DRAFT ? t.walk.revision.draft : t.walk.revision.one(Number(state));
}
