/** How long a text is, as it is paid: parts, and letters that make it dear. */
import { countSegments } from "../core/segments.ts";
import { e } from "../text/edge.ts";

export function SegmentCount({ text, className = "" }: { readonly text: string; readonly className?: string }) {
  const { segments, left, costly } = countSegments(text);
  if (segments === 0) return <span />;
  return (
    <p aria-live="polite" className={`text-small text-faint tabular-nums ${className}`}>
      {e.common.segments(segments, left)}
      {costly.length > 0 && <span className="text-warn"> · {e.common.costly(costly.slice(0, 5).join(" "))}</span>}
    </p>
  );
}
