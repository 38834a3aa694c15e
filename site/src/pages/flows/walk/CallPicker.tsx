/** The last calls that took this flow, to see the way of one. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { historyRow } from "../../../core/history.ts";
import { faultWords } from "../../../core/problem.ts";
import { formatDay, formatShortClock } from "../../../core/time.ts";
import { useEditor } from "../../../flow/editor.ts";
import { useDirectory } from "../../../live/useLive.ts";
import { t } from "../../../text/index.ts";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { Skeleton } from "../../../ui/Skeleton.tsx";
import { StatusMark } from "../../../ui/StatusMark.tsx";
import { flowCallsQuery } from "./queries.ts";

export function CallPicker({ onPick }: { readonly onPick: (id: string) => void }) {
  const { number } = useEditor();
  const { data, error } = useQuery(flowCallsQuery(number));
  const directory = useDirectory();
  const [now] = useState(() => Date.now());
  if (data === undefined) {
    return error === null ? <Skeleton rows={4} /> : <EmptyState icon="unplugged" title={faultWords(error, t)} />;
  }
  if (data.items.length === 0) return <EmptyState icon="history" title={t.walk.path.noCalls} help={t.walk.live.noneHelp} />;
  return (
    <>
      <h3 className="px-5 pb-2 font-semibold">{t.walk.path.recent}</h3>
      <ul className="border-t border-line">
        {data.items.map((cdr) => {
          const row = historyRow(cdr, directory, t);
          return (
            <li key={cdr.id} className="border-b border-line">
              <button
                type="button"
                data-path-call={cdr.id}
                onClick={() => onPick(cdr.id)}
                className="flex min-h-12 w-full items-center justify-between gap-3 px-5 py-2 text-left hover:bg-hover"
              >
                <span className="min-w-0">
                  <span className="block truncate font-medium">{row.from}</span>
                  <span className="block text-small text-faint tabular-nums">
                    {formatDay(cdr.started_at, now, t.locale, t.history)} {formatShortClock(cdr.started_at, t.locale)}
                  </span>
                </span>
                <StatusMark tone={row.tone}>{row.outcome}</StatusMark>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}
