/** A made-up call as a film: where it is, whether it plays, and what the canvas shows of it. */
import { useEffect, useMemo, useState } from "react";
import { useEditor, type Highlight } from "../../../flow/editor.ts";
import { highlightPath, stepsOfSimulation } from "../../../flow/walk/path.ts";
import { restMs, timeline, type Moment } from "../../../flow/walk/timeline.ts";
import type { Simulation } from "../../../schema.gen.ts";
import { formatTimer } from "../../../core/time.ts";
import { useHighlight } from "./hooks.ts";

export interface Playback {
  readonly moments: readonly Moment[];
  /** The moment that is shown. */
  readonly index: number;
  readonly playing: boolean;
  readonly seek: (index: number) => void;
  readonly toggle: () => void;
}

/** A new call is shown at its end: the whole way first, then step by step for whoever wants to see it. */
export function usePlayback(found: Simulation | undefined): Playback {
  const { number } = useEditor();
  const moments = useMemo(() => (found === undefined ? [] : timeline(found)), [found]);
  const [at, setAt] = useState<{ readonly of: Simulation | undefined; readonly index: number; readonly playing: boolean }>({
    of: undefined,
    index: 0,
    playing: false,
  });
  const last = Math.max(0, moments.length - 1);
  const current = at.of === found ? at : { of: found, index: last, playing: false };
  const index = Math.min(current.index, last);
  const playing = current.playing && index < last;
  const moment = moments[index];

  useEffect(() => {
    if (!playing || moment === undefined) return;
    const timer = setTimeout(() => setAt({ of: found, index: index + 1, playing: true }), restMs(moment));
    return () => clearTimeout(timer);
  }, [playing, moment, index, found]);

  const marks = useMemo(
    () => (found === undefined || moment === undefined ? undefined : picture(found, moment, number, index === last)),
    [found, moment, number, index, last],
  );
  useHighlight("simulate", marks);

  return {
    moments,
    index,
    playing,
    seek: (wanted) => setAt({ of: found, index: Math.max(0, Math.min(last, wanted)), playing: false }),
    toggle: () => setAt({ of: found, index: !playing && index === last ? 0 : index, playing: !playing }),
  };
}

function picture(found: Simulation, moment: Moment, flow: string, over: boolean): Highlight {
  const steps = stepsOfSimulation(found)
    .slice(0, moment.step + 1)
    .map((step, index) =>
      index === moment.step && !over && moment.what !== "leave" ? { ...step, exit: null, leftAt: moment.atS * 1000 } : step,
    );
  return highlightPath(steps, flow, {
    here: moment.flow === flow ? moment.node : undefined,
    endedAt: moment.atS * 1000,
    time: (ms) => (ms < 1000 ? "" : formatTimer(ms)),
  });
}
