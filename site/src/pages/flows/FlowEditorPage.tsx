/** `/flows/500`: the draft is fetched, what was kept in this browser goes before it, and the editor opens. */
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { replaceWith } from "../../flow/commands.ts";
import { sameJson } from "../../flow/same.ts";
import type { Flow } from "../../flow/types.ts";
import { useSource } from "../../office/source.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { queryClient } from "../../api/queries.ts";
import { DraftKeeper, flowOf, forget, keptHere } from "./draft.ts";
import { FLOW_STATES } from "./queries.ts";
import { EditorStore } from "./store.ts";
import { Studio } from "./Studio.tsx";

export function FlowEditorPage() {
  const { number } = useParams({ from: "/office/flows/$number" });
  return <Loading key={number} number={number} />;
}

interface Opened {
  readonly flow: Flow;
  readonly etag: string;
  readonly kept: Awaited<ReturnType<typeof keptHere>>;
}

function Loading({ number }: { readonly number: string }) {
  const source = useSource();
  const { data, error, refetch } = useQuery({
    queryKey: ["flow-editor", source.mode, number],
    queryFn: async (): Promise<Opened | null> => {
      const found = flowOf(await source.get("flow", number));
      return found === undefined ? null : { ...found, kept: await keptHere(number) };
    },
    // What is edited is read once; the editor keeps it from there.
    staleTime: 0,
    gcTime: 0,
    refetchOnMount: false,
    refetchOnReconnect: false,
  });
  useEffect(() => {
    document.title = `${data?.flow.name ?? number} · ${t.product}`;
  }, [data, number]);
  if (data === undefined && error === null) return <Skeleton rows={6} />;
  if (data === undefined || data === null) {
    const gone = error instanceof RequestFault && error.status === 404;
    return (
      <EmptyState icon="warning" title={gone ? t.flows.noFlow(number) : faultWords(error, t)}>
        {!gone && <Button onClick={() => void refetch()}>{t.common.retry}</Button>}
        <Link to="/flows" search={{}} className="inline-flex min-h-9 items-center rounded-lg border border-line px-3.5 hover:bg-hover">
          {t.flows.back}
        </Link>
      </EmptyState>
    );
  }
  return <Opened opened={data} />;
}

function Opened({ opened }: { readonly opened: Opened }) {
  const source = useSource();
  const [{ store, keeper }] = useState(() => {
    const store = new EditorStore(opened.flow);
    const keeper = new DraftKeeper(source, opened.flow, opened.etag, () => {
      store.set({ stored: store.get().stored + 1 });
      void queryClient.invalidateQueries({ queryKey: FLOW_STATES });
      void queryClient.invalidateQueries({ queryKey: ["records", source.mode, "flow"] });
    });
    return { store, keeper };
  });
  useEffect(() => {
    const { kept, flow, etag } = opened;
    if (kept !== undefined && sameJson(kept.flow, flow)) void forget(flow.number);
    else if (kept !== undefined && store.draft === flow) {
      store.change(t.flows.did.restore, (now) => replaceWith(now, kept.flow));
      if (kept.etag !== etag) {
        keeper.changed(store.draft);
        keeper.conflictWith(flow, etag);
      }
    }
  }, [opened, store, keeper]);
  useEffect(() => {
    keeper.open();
    // The page may go before the node has the draft: the browser asks, and this browser keeps it.
    const warn = (event: BeforeUnloadEvent) => {
      if (keeper.get().is !== "saved" && keeper.get().is !== "offline") event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      keeper.close();
    };
  }, [keeper]);
  return <Studio store={store} keeper={keeper} />;
}
