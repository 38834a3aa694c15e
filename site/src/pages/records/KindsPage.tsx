import { RecordLink } from "../../records/links.tsx";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { PageHead } from "../../ui/PageHead.tsx";

/** The kinds that have no page of their own in the navigation. */
const KINDS = ["schedule", "paging_group", "speed_dial", "feature_code", "office_flag", "limit", "caller_rule", "notice_target"];

export function KindsPage() {
  return (
    <>
      <PageHead title={t.records.more.title} lead={t.records.more.lead} />
      <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
        {KINDS.map((kind) => (
          <li key={kind} className="relative rounded-2xl border border-line bg-surface p-4 shadow-card hover:border-line-strong">
            <RecordLink kind={kind} className="flex items-center justify-between gap-2 text-lead font-semibold after:absolute after:inset-0">
              {t.records.kinds[kind]?.title}
              <Icon name="chevronRight" className="size-4 text-faint" />
            </RecordLink>
            <p className="mt-1 text-soft">{t.records.kinds[kind]?.lead}</p>
          </li>
        ))}
      </ul>
    </>
  );
}
