/** Play, pause, step, and a bar to drag. */
import { formatTimer } from "../../../core/time.ts";
import { t } from "../../../text/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { momentWords } from "../../../flow/walk/moments.ts";
import type { Names } from "../../../flow/walk/names.ts";
import type { Playback } from "./usePlayback.ts";

export function Player({ playback, names }: { readonly playback: Playback; readonly names: Names }) {
  const { moments, index, playing, seek, toggle } = playback;
  const moment = moments[index];
  const total = moments.at(-1)?.atS ?? 0;
  return (
    <div role="group" aria-label={t.walk.simulate.controls} title={t.walk.simulate.hint} className="flex items-center gap-1">
      <IconButton icon="chevronLeft" label={t.walk.simulate.back} disabled={index === 0} onClick={() => seek(index - 1)} />
      <IconButton
        icon={playing ? "pause" : "play"}
        label={playing ? t.walk.simulate.pause : t.walk.simulate.play}
        onClick={toggle}
        className="bg-accent-soft text-accent"
      />
      <IconButton
        icon="chevronRight"
        label={t.walk.simulate.forward}
        disabled={index >= moments.length - 1}
        onClick={() => seek(index + 1)}
      />
      <input
        type="range"
        aria-label={t.walk.simulate.position}
        aria-valuetext={
          moment === undefined
            ? ""
            : t.walk.simulate.positionWords(formatTimer(moment.atS * 1000), momentWords(moment, names, t))
        }
        min={0}
        max={Math.max(0, moments.length - 1)}
        value={index}
        onChange={(event) => seek(Number(event.target.value))}
        className="min-w-0 flex-1 accent-(--accent)"
      />
      <span className="pl-1 text-small whitespace-nowrap text-faint tabular-nums">
        {formatTimer((moment?.atS ?? 0) * 1000)} / {formatTimer(total * 1000)}
      </span>
    </div>
  );
}
