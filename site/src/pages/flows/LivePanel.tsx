/** The calls that are in this flow now: who, where, for how long. One can be followed on the canvas. */
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { formatClock, formatTimer } from "../../core/time.ts";
import { useEditor } from "../../flow/editor.ts";
import type { CallHere } from "../../flow/walk/live.ts";
import { t } from "../../text/index.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import type { PanelProps } from "./panels.tsx";
import { PanelShell } from "./walk/PanelShell.tsx";
import { useNames } from "./walk/hooks.ts";
import { Chip } from "./walk/Inputs.tsx";
import { Tokens } from "./walk/LiveTokens.tsx";
import { useLiveCalls } from "./walk/useLiveCalls.ts";

export function LivePanel({ onClose }: PanelProps) {
  return (
    <PanelShell title={t.walk.live.title} onClose={onClose}>
      <Calls />
    </PanelShell>
  );
}

function Calls() {
  const { view } = useEditor();
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => toDraft(), []);
  const { calls, stale, frozenAt, offset } = useLiveCalls();
  const [followed, setFollowed] = useState<string>();
  if (calls === undefined) {
    return <EmptyState icon="unplugged" title={t.walk.live.unknown} help={t.walk.live.never} />;
  }
  const chosen = calls.some((call) => call.id === followed) ? followed : undefined;
  return (
    <div className="flex flex-col">
      {stale && (
        <div className="px-5 pt-4">
          <Notice tone="warn" icon="unplugged">
            {frozenAt === undefined ? t.walk.live.never : t.walk.live.stale(formatClock(frozenAt, t.locale))}
          </Notice>
        </div>
      )}
      {calls.length === 0 && !stale && <EmptyState icon="live" title={t.walk.live.none} help={t.walk.live.noneHelp} />}
      {calls.length > 0 && (
        <div className={stale ? "stale" : ""}>
          <p role="status" className="px-5 pt-4 font-medium">
            {t.walk.live.count(calls.length)}
          </p>
          <p className="px-5 text-pretty text-soft">{t.walk.live.lead}</p>
          {!stale && chosen !== undefined && <Tokens calls={calls} offset={offset} followed={chosen} />}
          <ul className="mt-3 border-t border-line">
            {calls.map((call) => (
              <OneCall
                key={call.id}
                call={call}
                now={stale ? frozenAt : undefined}
                offset={offset}
                followed={call.id === chosen}
                onFollow={() => setFollowed(call.id === chosen ? undefined : call.id)}
              />
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

interface OneCallProps {
  readonly call: CallHere;
  /** The instant that is shown, where it does not go on. */
  readonly now: number | undefined;
  readonly offset: number;
  readonly followed: boolean;
  readonly onFollow: () => void;
}

function OneCall({ call, now, offset, followed, onFollow }: OneCallProps) {
  const { draft, select, fitTo } = useEditor();
  const names = useNames(draft);
  const ticking = useNow();
  const at = (now ?? ticking) + offset;
  const drawn = call.node in draft.nodes;
  const where = drawn ? names.node(call.node) : names.type(call.kind);
  return (
    <li data-live-call={call.id} data-node={call.node} className="flex flex-col gap-1.5 border-b border-line px-5 py-3">
      <div className="flex items-baseline justify-between gap-3">
        <Link
          to="/live"
          search={{ q: call.number }}
          aria-label={`${t.walk.live.openCall}: ${call.who}`}
          className="min-w-0 truncate font-semibold hover:underline"
        >
          {call.who}
        </Link>
        <span role="timer" className="text-small whitespace-nowrap text-faint tabular-nums">
          {t.walk.live.whole(formatTimer(at - call.startedAt))}
        </span>
      </div>
      <p className="text-soft">
        {drawn ? (
          <button
            type="button"
            aria-label={t.walk.goToNode(where)}
            onClick={() => {
              select(call.node);
              fitTo([call.node]);
            }}
            className="font-medium text-accent underline-offset-2 hover:underline"
          >
            {where}
          </button>
        ) : (
          <span title={t.walk.live.notDrawn}>{where}</span>
        )}{" "}
        <span className="text-small tabular-nums">{t.walk.live.since(formatTimer(at - call.since))}</span>
      </p>
      <p className="flex flex-wrap items-center gap-2 text-small text-faint">
        <Chip pressed={followed} onClick={onFollow}>
          {followed ? t.walk.live.unfollow : t.walk.live.follow}
        </Chip>
        {t.walk.live.oldRevision(call.revision)}
      </p>
    </li>
  );
}
