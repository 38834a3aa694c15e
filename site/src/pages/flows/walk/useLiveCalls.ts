/** The calls in this flow now, and the node's time; not known while the link is down. */
import { useMemo } from "react";
import { useEditor } from "../../../flow/editor.ts";
import { callsIn, type CallHere } from "../../../flow/walk/live.ts";
import { useClockOffset, useLive } from "../../../live/useLive.ts";

export interface LiveCalls {
  /** `undefined` while nothing was ever heard. */
  readonly calls: readonly CallHere[] | undefined;
  /** What is known is old. */
  readonly stale: boolean;
  readonly frozenAt: number | undefined;
  /** Add to the browser's time for the node's. */
  readonly offset: number;
}

export function useLiveCalls(): LiveCalls {
  const { number } = useEditor();
  const { data, calls, stale, frozenAt } = useLive();
  const offset = useClockOffset();
  const known = data !== undefined;
  const here = useMemo(() => (known ? callsIn(number, calls) : undefined), [known, number, calls]);
  return { calls: here, stale, frozenAt, offset };
}
