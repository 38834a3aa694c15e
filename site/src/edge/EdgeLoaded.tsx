/** What was asked of the edge: as `Loaded`, and in plain words what to do where there is no edge, or it is silent. */
import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { faultWords, RequestFault } from "../core/problem.ts";
import { e } from "../text/edge.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Loaded } from "../ui/Loaded.tsx";

interface EdgeLoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}

export function EdgeLoaded<T>({ query, rows = 4, children }: EdgeLoadedProps<T>) {
  if (query.data !== undefined || !isEdgeFault(query.error)) {
    return (
      <Loaded query={query} rows={rows}>
        {children}
      </Loaded>
    );
  }
  if (isWithoutEdge(query.error)) return <NoEdge />;
  return (
    <EmptyState icon="unplugged" title={e.common.silent} help={edgeFaultWords(query.error)}>
      <Button busy={query.isFetching} onClick={() => void query.refetch()}>
        {t.common.retry}
      </Button>
    </EmptyState>
  );
}

const NO_EDGE = "no-edge";

/** The page of an office that has no edge yet. */
export function NoEdge() {
  return (
    <EmptyState icon="globe" title={e.common.noEdge} help={e.common.noEdgeHelp}>
      <Link to="/edge" className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover">
        {e.common.howToBegin}
      </Link>
    </EmptyState>
  );
}

export function isEdgeFault(fault: unknown): fault is RequestFault {
  return fault instanceof RequestFault && [502, 503, 504].includes(fault.status);
}

/** Whether the office has no edge at all: then there is nothing to do on the pages that need one. */
export function isWithoutEdge(fault: unknown): boolean {
  return isEdgeFault(fault) && fault.slug === NO_EDGE;
}

/** Whether an edge has answered, so that what it does can be offered; not yet while it is asked for the first time, or again. */
export function hasEdge(query: UseQueryResult): boolean {
  return !query.isPending && !isWithoutEdge(query.error);
}

/** One sentence for a person. What the edge says of itself is said as it is. */
export function edgeFaultWords(fault: unknown): string {
  return isEdgeFault(fault) && fault.detail !== "" ? fault.detail : faultWords(fault, t);
}
