/** Greys out what may no longer be true, and says from when it is. Never a zero that nobody measured. */
import type { ReactNode } from "react";
import { formatClock } from "../core/time.ts";
import { useLive } from "./useLive.ts";
import { t } from "../text/index.ts";

export function Fresh({ children }: { readonly children: ReactNode }) {
  const { stale } = useLive();
  return <div className={stale ? "stale" : undefined}>{children}</div>;
}

/** "as of 14:02:11", beside a figure, while the node cannot be reached. */
export function AsOf() {
  const { frozenAt } = useLive();
  if (frozenAt === undefined) return null;
  return <span className="text-small text-faint">{t.link.asOf(formatClock(frozenAt, t.locale))}</span>;
}
