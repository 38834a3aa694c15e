/** Where the draft is, and what is live: always in sight, never a false "saved". */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { formatFull } from "../../core/time.ts";
import { t } from "../../text/index.ts";
import { StatusShape, type Tone } from "../../ui/StatusMark.tsx";
import { useSource } from "../../office/source.ts";
import { useWorkshop } from "./context.ts";
import type { SaveState } from "./draft.ts";
import { flowStatesQuery } from "./queries.ts";

const TONES: Readonly<Record<SaveState["is"], Tone>> = {
  saved: "good",
  dirty: "plain",
  saving: "plain",
  offline: "warn",
  conflict: "bad",
  refused: "bad",
};

export function StateLine() {
  const { keeper, store } = useWorkshop();
  const save = useSyncExternalStore(keeper.subscribe, keeper.get);
  const source = useSource();
  const { data } = useQuery({ ...flowStatesQuery, enabled: source.mode === "node" });
  const state = data?.items.find((each) => each.flow === store.draft.number);
  return (
    <div role="status" className="flex min-w-0 items-center gap-2 text-label text-soft">
      <span className={`flex shrink-0 items-center gap-1.5 ${save.is === "conflict" || save.is === "refused" ? "text-bad" : save.is === "offline" ? "text-warn" : ""}`} data-save={save.is}>
        <StatusShape tone={TONES[save.is]} className="size-2" />
        {t.flows.save[save.is]}
      </span>
      {state !== undefined && (
        <span className="truncate max-sm:hidden" data-live={state.live?.revision ?? 0} title={state.live === null ? undefined : t.flows.publishedBy(formatFull(state.live.at, t.locale), state.live.author)}>
          · {state.live === null ? t.flows.notLive : t.flows.live(state.live.revision)}
          {state.live !== null && (state.changed || save.is !== "saved") && ` · ${t.flows.changedSince}`}
        </span>
      )}
      {state !== undefined && state.problem !== "" && <span className="truncate text-bad">{state.problem}</span>}
    </div>
  );
}
