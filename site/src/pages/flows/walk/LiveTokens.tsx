/** Beside the toolbar, whatever is open: how many calls are in the flow now. On the canvas, where they are. */
import { useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useMemo } from "react";
import { formatTimer } from "../../../core/time.ts";
import { useEditor } from "../../../flow/editor.ts";
import { liveMarks, type CallHere } from "../../../flow/walk/live.ts";
import { t } from "../../../text/index.ts";
import { useNow } from "../../../ui/now.ts";
import { StatusShape } from "../../../ui/StatusMark.tsx";
import { callShown } from "./callShown.ts";
import { useHighlight } from "./hooks.ts";
import { useLiveCalls } from "./useLiveCalls.ts";

/** Panels that draw on the canvas what is not now. */
const OTHER_TIMES: ReadonlySet<string> = new Set(["simulate", "tests", "call", "path", "revisions"]);

export function LiveTokens() {
  const { viewed, openPanel } = useEditor();
  const { tab, show } = useSearch({ strict: false });
  const shown = callShown(show);
  const openPath = useEffectEvent(() => {
    if (tab !== "path") openPanel("path");
  });
  useEffect(() => {
    if (shown !== undefined) openPath();
  }, [shown]);
  const { calls, stale, offset } = useLiveCalls();
  const known = calls !== undefined && !stale;
  const drawn = known && calls.length > 0 && viewed === undefined && !OTHER_TIMES.has(tab ?? "");
  if (!known || calls.length === 0) return null;
  return (
    <>
      {drawn && <Tokens calls={calls} offset={offset} />}
      <button
        type="button"
        data-live-badge={calls.length}
        onClick={() => openPanel("live")}
        className="inline-flex min-h-9 items-center gap-1.5 rounded-full bg-accent-soft px-3 text-small font-medium text-accent tabular-nums"
      >
        <StatusShape tone="live" />
        {t.walk.live.badge(calls.length)}
      </button>
    </>
  );
}

interface TokensProps {
  readonly calls: readonly CallHere[];
  readonly offset: number;
  /** The call whose whole way is shown. */
  readonly followed?: string | undefined;
}

/** Nothing to see but the canvas: the tokens count each second. */
export function Tokens({ calls, offset, followed }: TokensProps) {
  const { number } = useEditor();
  const now = useNow() + offset;
  const marks = useMemo(
    () => liveMarks(calls, number, now, { token: (who, ms) => t.walk.live.token(who, formatTimer(ms)) }, followed),
    [calls, number, now, followed],
  );
  useHighlight(followed === undefined ? "live" : "followed", marks);
  return null;
}
