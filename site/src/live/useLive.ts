/** The live state for components: what is known, how fresh it is, and which time it is at the node. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useSyncExternalStore } from "react";
import { LiveClient } from "../api/live.ts";
import { HISTORY, queryClient, statusQuery } from "../api/queries.ts";
import { inOrder } from "../core/calls.ts";
import type { Directory } from "../core/history.ts";
import { badgeOf, type LinkState } from "../core/link.ts";
import type { LiveData } from "../core/live.ts";
import type { LiveCall } from "../schema.gen.ts";

export const liveClient = new LiveClient();

const historyChanged = () => void queryClient.invalidateQueries({ queryKey: HISTORY });
let onceMore: ReturnType<typeof setTimeout> | undefined;

/** A call's record is stored a moment after its end was told, later on a busy node: so look twice. */
liveClient.onHistory = () => {
  historyChanged();
  clearTimeout(onceMore);
  onceMore = setTimeout(historyChanged, 2000);
};
liveClient.onEdge = (queryKey) => void queryClient.invalidateQueries({ queryKey });
liveClient.onOnline = () =>
  void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== "session" });

export interface Live {
  readonly link: LinkState;
  /** The last known state; undefined while nothing was ever heard. Old when `stale`. */
  readonly data: LiveData | undefined;
  readonly calls: readonly LiveCall[];
  readonly stale: boolean;
  /** The instant the figures are from, while the node cannot be reached (ms). */
  readonly frozenAt: number | undefined;
  readonly retryNow: () => void;
}

export function useLive(): Live {
  const { link, data } = useSyncExternalStore(liveClient.subscribe, liveClient.snapshot);
  return useMemo(() => {
    const stale = badgeOf(link) === "offline";
    return {
      link,
      data,
      calls: inOrder(data?.calls.values() ?? []),
      stale,
      frozenAt: stale ? link.lastHeardAt : undefined,
      retryNow: liveClient.retryNow,
    };
  }, [link, data]);
}

const NOBODY: Directory = new Map();

/** Who has which number; empty while that is not known. */
export function useDirectory(): Directory {
  return useLive().data?.extensions ?? NOBODY;
}

/** The same as a question: the name of a number, where it is known. */
export function useNames(): (number: string) => string | undefined {
  const directory = useDirectory();
  return (number) => directory.get(number)?.name;
}

/** What to add to the browser's clock to get the node's (ms). */
export function useClockOffset(): number {
  const { data } = useQuery({ ...statusQuery, select: ({ status, receivedAt }) => Date.parse(status.now) - receivedAt });
  return data ?? 0;
}
