/** What was asked of the node: waiting for it, refused, or there. */
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { RequestFault, faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { Button } from "./Button.tsx";
import { EmptyState } from "./EmptyState.tsx";
import { Skeleton } from "./Skeleton.tsx";

interface LoadedProps<T> {
  readonly query: UseQueryResult<T>;
  readonly rows?: number;
  readonly children: (data: T) => ReactNode;
}

export function Loaded<T>({ query, rows = 4, children }: LoadedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error === null) return <Skeleton rows={rows} />;
  const forbidden = query.error instanceof RequestFault && query.error.status === 403;
  return (
    <EmptyState icon={forbidden ? "lock" : "unplugged"} title={forbidden ? t.admin.forbidden : t.admin.notRead} help={forbidden ? t.admin.forbiddenHelp : faultWords(query.error, t)}>
      {!forbidden && (
        <Button busy={query.isFetching} onClick={() => void query.refetch()}>
          {t.common.retry}
        </Button>
      )}
    </EmptyState>
  );
}
