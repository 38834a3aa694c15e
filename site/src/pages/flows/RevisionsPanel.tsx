/** The published states of the flow: who, when, why; any two compared on the canvas; back to an old one. */
import { useQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useState } from "react";
import { faultWords } from "../../core/problem.ts";
import { formatDay, formatShortClock } from "../../core/time.ts";
import { useEditor } from "../../flow/editor.ts";
import type { Flow } from "../../flow/types.ts";
import type { FlowRevision } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import type { PanelProps } from "./panels.tsx";
import { PanelShell } from "./walk/PanelShell.tsx";
import { Compare } from "./walk/Compare.tsx";
import { PAGE, liveRevisionQuery, revisionsQuery } from "./walk/queries.ts";
import { OpenRevision } from "./walk/OpenRevision.tsx";
import { RollBack } from "./walk/RollBack.tsx";

type Shows =
  | { readonly what: "list" }
  | { readonly what: "compare"; readonly before: string; readonly after: string }
  | { readonly what: "open"; readonly revision: number }
  | { readonly what: "roll back"; readonly revision: number };

const LIST: Shows = { what: "list" };

export function RevisionsPanel({ onClose }: PanelProps) {
  return (
    <PanelShell title={t.walk.revision.title} onClose={onClose}>
      <Revisions />
    </PanelShell>
  );
}

function Revisions() {
  const { number, stored, view, draft } = useEditor();
  const [limit, setLimit] = useState(PAGE);
  const [shows, setShows] = useState<Shows>(LIST);
  const { data, error } = useQuery(revisionsQuery(number, stored, limit));
  const { data: live } = useQuery(liveRevisionQuery(number, stored));
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => () => toDraft(), []);

  if (data === undefined) {
    return error === null ? <Skeleton rows={5} /> : <EmptyState icon="unplugged" title={faultWords(error, t)} />;
  }
  const back = () => setShows(LIST);
  if (shows.what === "compare") {
    return <Compare before={shows.before} after={shows.after} revisions={data.items} onChange={(before, after) => setShows({ what: "compare", before, after })} onClose={back} />;
  }
  if (shows.what === "open") {
    return <OpenRevision revision={shows.revision} onRollBack={() => setShows({ what: "roll back", revision: shows.revision })} onClose={back} />;
  }
  if (shows.what === "roll back") return <RollBack revision={shows.revision} onClose={back} />;
  if (data.items.length === 0) return <EmptyState icon="history" title={t.walk.revision.none} help={t.walk.revision.noneHelp} />;
  const changed = !isLive(draft, live);
  return (
    <div className="flex flex-col">
      <p className="px-5 py-4 text-pretty text-soft">{t.walk.revision.lead}</p>
      <div className="flex flex-wrap items-center justify-between gap-2 border-y border-line px-5 py-3">
        <span className="font-medium">{changed ? t.walk.revision.draftChanged : t.walk.revision.draftSame}</span>
        {changed && live !== undefined && (
          <Button onClick={() => setShows({ what: "compare", before: String(live.revision), after: "draft" })}>
            {t.walk.revision.compare}
          </Button>
        )}
      </div>
      <ol>
        {data.items.map((each, index) => (
          <OneRevision
            key={each.revision}
            revision={each}
            live={live?.revision === each.revision}
            before={data.items[index + 1]?.revision}
            onShow={setShows}
          />
        ))}
      </ol>
      {data.total > data.items.length && (
        <div className="p-4 text-center">
          <Button onClick={() => setLimit(Math.min(1000, limit + PAGE))}>{t.walk.revision.more}</Button>
        </div>
      )}
    </div>
  );
}

function isLive(draft: Flow, live: FlowRevision | undefined): boolean {
  return live?.document !== undefined && JSON.stringify(sorted(live.document)) === JSON.stringify(sorted(draft));
}

/** With its keys in one order, so that two documents that say the same are written the same. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}

interface OneRevisionProps {
  readonly revision: FlowRevision;
  readonly live: boolean;
  readonly before: number | undefined;
  readonly onShow: (shows: Shows) => void;
}

function OneRevision({ revision, live, before, onShow }: OneRevisionProps) {
  const [now] = useState(() => Date.now());
  const name = t.walk.revision.one(revision.revision);
  const by = t.walk.revision.by(
    revision.author || t.walk.revision.unknownAuthor,
    formatDay(revision.at, now, t.locale, t.history),
    formatShortClock(revision.at, t.locale),
  );
  return (
    <li data-revision={revision.revision} className="flex flex-col gap-1 border-b border-line px-5 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <span className="font-semibold">{name}</span>
        {live && <StatusMark tone="good">{t.walk.revision.live}</StatusMark>}
        {revision.rolled_back_to !== null && (
          <StatusMark tone="plain">{t.walk.revision.rolledBack(revision.rolled_back_to)}</StatusMark>
        )}
      </div>
      {revision.comment !== "" && <p className="text-pretty wrap-anywhere">{revision.comment}</p>}
      <p className="text-small text-faint tabular-nums">{by}</p>
      {revision.overridden.length > 0 && (
        <p className="text-small text-pretty text-warn">{t.walk.revision.overridden(revision.overridden.join(", "))}</p>
      )}
      <div className="-ml-2 flex flex-wrap">
        <Button
          look="quiet"
          aria-label={t.walk.revision.openWhat(name)}
          onClick={() => onShow({ what: "open", revision: revision.revision })}
        >
          {t.walk.revision.open}
        </Button>
        {before !== undefined && (
          <Button
            look="quiet"
            aria-label={`${t.walk.revision.compare}: ${t.walk.revision.changesBetween(t.walk.revision.one(before), name)}`}
            onClick={() => onShow({ what: "compare", before: String(before), after: String(revision.revision) })}
          >
            {t.walk.revision.compare}
          </Button>
        )}
        {!live && (
          <Button
            look="quiet"
            aria-label={t.walk.revision.rollBackWhat(revision.revision)}
            onClick={() => onShow({ what: "roll back", revision: revision.revision })}
          >
            {t.walk.revision.rollBack}
          </Button>
        )}
      </div>
    </li>
  );
}
