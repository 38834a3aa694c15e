/** How much room recordings take, how long it will do, and why nothing is recorded, should that be so. */
import { useQuery } from "@tanstack/react-query";
import { formatBytes } from "../../core/bytes.ts";
import { storageQuery } from "../../media/queries.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";

const SOON_DAYS = 14;

export function Storage() {
  const { data } = useQuery(storageQuery);
  if (data === undefined) return null;
  const part = data.quota_bytes > 0 ? Math.min(1, data.used_bytes / data.quota_bytes) : 0;
  const soon = data.full_in_days !== null && data.full_in_days <= SOON_DAYS;
  const alarm = data.problem !== "" || part > 0.95;
  return (
    <div className="mb-4 flex flex-col gap-3 rounded-2xl border border-line bg-surface p-4 shadow-card sm:px-5">
      {data.problem !== "" && (
        <Notice tone="bad" alert>
          {t.media.recordings.notRecording} {data.problem}
        </Notice>
      )}
      <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1">
        <p>
          <span className="font-semibold">{formatBytes(data.used_bytes, t.locale)}</span>{" "}
          <span className="text-soft">
            {data.quota_bytes > 0 ? t.media.recordings.ofQuota(formatBytes(data.quota_bytes, t.locale)) : ""} ·{" "}
            {t.media.recordings.files(data.files)}
          </span>
        </p>
        <p className={`text-small ${soon ? "font-medium text-warn" : "text-faint"}`}>
          {data.full_in_days === null
            ? t.media.recordings.roomEnough
            : t.media.recordings.fullIn(data.full_in_days, formatBytes(data.bytes_per_day, t.locale))}
        </p>
      </div>
      <div
        role="meter"
        aria-label={t.media.recordings.room}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(part * 100)}
        className="h-2 overflow-hidden rounded-full bg-sunken"
      >
        <div
          className={`h-full rounded-full ${alarm ? "bg-bad-line" : soon ? "bg-warn-line" : "bg-accent"}`}
          style={{ width: `${Math.max(part > 0 ? 1 : 0, part * 100).toFixed(1)}%` }}
        />
      </div>
    </div>
  );
}
