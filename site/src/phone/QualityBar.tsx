/** How the call sounds: four bars, and the cause in plain words where it is not good. */
import { p } from "../text/phone.ts";
import type { Quality } from "./quality.ts";

const COLOURS = { good: "text-good-line", fair: "text-warn-line", bad: "text-bad-line", none: "text-faint" } as const;
const WORDS = { good: "text-soft", fair: "text-warn", bad: "text-bad", none: "text-faint" } as const;

/** "Your Wi‑Fi loses 6 % of what you say". */
export function qualityWords(quality: Quality | undefined): string {
  if (quality === undefined || quality.grade === "none") return p.quality.none;
  if (quality.cause === undefined) return p.quality.good;
  return p.quality.cause[quality.cause](quality.figure, p.quality.way[quality.network]);
}

export function QualityBar({ quality }: { readonly quality: Quality | undefined }) {
  const grade = quality?.grade ?? "none";
  const network = quality?.cause !== undefined && ["lost_in", "lost_out", "jitter", "delay"].includes(quality.cause) ? quality.network : undefined;
  return (
    <div data-quality={grade} className="flex flex-col items-center gap-0.5 text-center">
      <p className="flex items-center gap-2 text-small">
        <Bars bars={quality?.bars ?? 0} className={COLOURS[grade]} />
        <span className={WORDS[grade]}>{qualityWords(quality)}</span>
      </p>
      {network !== undefined && <p className="text-label text-pretty text-faint">{p.quality.advice[network]}</p>}
    </div>
  );
}

export function Bars({ bars, className = "" }: { readonly bars: number; readonly className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 18 12" className={`h-3 w-4.5 shrink-0 ${className}`}>
      {[0, 1, 2, 3].map((each) => (
        <rect key={each} x={each * 4.8} y={8 - each * 2.6} width="3.2" height={4 + each * 2.6} rx="1" fill="currentColor" opacity={each < bars ? 1 : 0.25} />
      ))}
    </svg>
  );
}
