/** How a line sounded over the call: a bar for each span of time, as high as its worst MOS, in the colour of its grade. */
import { formatTimer } from "../../core/time.ts";
import type { LegQuality } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";

const LOWEST = 1;
const HIGHEST = 4.5;
const GOOD = 4;
const FAIR = 3.6;

export function SoundCurve({ quality }: { readonly quality: LegQuality }) {
  const { heard_mos: heard, told_mos: told, mos_every_s: every } = quality;
  if (heard.length + told.length === 0) return null;
  return (
    <figure className="mt-2">
      <figcaption className="mb-1 text-small text-faint">{t.callQuality.over}</figcaption>
      <div className="grid grid-cols-[auto_minmax(0,1fr)] items-end gap-x-3 gap-y-2 text-small text-faint">
        {heard.length > 0 && <Bars name={t.callQuality.from} points={heard} every={every} />}
        {told.length > 0 && <Bars name={t.callQuality.to} points={told} every={every} />}
      </div>
    </figure>
  );
}

function Bars({ name, points, every }: { readonly name: string; readonly points: readonly number[]; readonly every: number }) {
  const words = points.map((mos, at) =>
    t.callQuality.point(formatTimer(at * every * 1000), mos === 0 ? t.callQuality.unknown : mos.toFixed(1)),
  );
  return (
    <>
      <span>{name}</span>
      <ol className="flex h-8 items-end gap-px" aria-label={name}>
        {points.map((mos, at) => (
          <li key={at} title={words[at]} className="flex h-full max-w-6 min-w-0 flex-1 items-end">
            <span className="sr-only">{words[at]}</span>
            <span
              aria-hidden
              className={`w-full rounded-t-xs ${mos === 0 ? "bg-line" : mos >= GOOD ? "bg-good" : mos >= FAIR ? "bg-warn" : "bg-bad"}`}
              style={{ height: `${mos === 0 ? 6 : Math.max(8, (100 * (mos - LOWEST)) / (HIGHEST - LOWEST))}%` }}
            />
          </li>
        ))}
      </ol>
    </>
  );
}
