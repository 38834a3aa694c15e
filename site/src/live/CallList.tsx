/** The running calls, or why there are none to show. */
import type { ReactNode } from "react";
import { lazy, Suspense, useState } from "react";
import { viewCall } from "../core/calls.ts";
import { fold } from "../core/phones.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Fresh } from "./Fresh.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { CallRow } from "./CallRow.tsx";
import { useMay } from "../media/useMay.ts";
import { useLive, useNames } from "./useLive.ts";

interface CallListProps {
  readonly query?: string;
  readonly empty: ReactNode;
  /** Show at most this many; the rest is one click away. */
  readonly most?: number;
  /** Offer what can be done with each call. */
  readonly withActions?: boolean;
}

const CallActions = lazy(async () => ({ default: (await import("./CallActions.tsx")).CallActions }));

export function CallList({ query = "", empty, most = Infinity, withActions = false }: CallListProps) {
  const { calls, data, stale } = useLive();
  const mayAct = useMay("calls:write");
  const nameOf = useNames();
  if (data === undefined) return stale ? <EmptyState icon="unplugged" title={t.link.never} /> : <Skeleton />;
  const views = calls.map((call) => viewCall(call, t, nameOf));
  const wanted = fold(query.trim());
  const shown = views.filter((call) =>
    [call.from.name, call.from.number, call.to.name, call.to.number].some((each) => fold(each).includes(wanted)),
  );
  if (shown.length === 0) return <Fresh>{wanted === "" ? empty : <EmptyState icon="search" title={t.live.noMatch(query)} />}</Fresh>;
  return (
    <Fresh>
      <ul className="divide-y divide-line">
        {shown.slice(0, most).map((call) => (
          <CallRow key={call.id} call={call}>
            {withActions && mayAct && <Actions id={call.id} />}
          </CallRow>
        ))}
      </ul>
    </Fresh>
  );
}

function Actions({ id }: { readonly id: string }) {
  const [open, setOpen] = useState(false);
  const { calls } = useLive();
  const call = calls.find((each) => each.id === id);
  return (
    <>
      <div className="mt-2 flex justify-center">
        <Button look="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
          {t.media.calls.actions}
        </Button>
      </div>
      {open && call !== undefined && (
        <Suspense fallback={<Skeleton rows={2} />}>
          <CallActions call={call} />
        </Suspense>
      )}
    </>
  );
}
