/** Who changed what, when and from where, with what it was before. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { changed, part, type Change, type PageSearch } from "../../core/address.ts";
import { changesOf } from "../../core/audit.ts";
import { formatDay, formatFull, formatShortClock, midnight } from "../../core/time.ts";
import { auditQuery } from "../../office/accounts.ts";
import { KINDS } from "../../office/kinds.ts";
import type { AuditEntry } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { useNow } from "../../ui/now.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { Select } from "../../ui/Select.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";
import { Pager } from "../history/Pager.tsx";

const route = getRouteApi("/office/audit");
const SIZE = 50;

export function AuditPage() {
  const { q = "", show = "", page = 1, tab = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const [day, setDay] = useState("");
  const range = { from: midnight(day), to: midnight(day, 1) };
  const query = useQuery(auditQuery({ actor: q, kind: show, key: tab, ...range, limit: SIZE, offset: (page - 1) * SIZE }));
  const go = (change: Change<PageSearch>) => void navigate({ search: changed({ page: undefined, ...change }), replace: true, resetScroll: false });
  return (
    <>
      <PageHead title={t.nav.audit} lead={t.admin.audit.lead} />
      <div className="mb-4 grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <Field label={t.admin.audit.who} name="actor" autoComplete="off" value={q} onChange={(event) => go({ q: event.target.value })} />
        <Select
          label={t.admin.audit.what}
          value={show}
          options={[["", t.admin.audit.anything], ...KINDS.map((kind): readonly [string, string] => [kind.name, t.records.kinds[kind.name]?.title ?? kind.title]), ["user", t.nav.users], ["token", t.nav.tokens]]}
          onChoose={(chosen) => go({ show: chosen })}
        />
        <Field label={t.admin.audit.which} name="key" autoComplete="off" value={tab} onChange={(event) => go({ tab: event.target.value })} />
        <Field label={t.admin.audit.day} name="day" type="date" value={day} onChange={(event) => setDay(event.target.value)} />
      </div>
      <Panel label={t.nav.audit}>
        <Loaded query={query} rows={8}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="list" title={t.admin.audit.none} help={t.admin.audit.noneHelp} />
            ) : (
              <ul className="divide-y divide-line">
                {items.map((entry) => (
                  <Row key={entry.id} entry={entry} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      {query.data !== undefined && query.data.total > SIZE && (
        <Pager page={page} size={SIZE} shown={query.data.items.length} total={query.data.total} onPage={(next) => go({ page: part(next) })} />
      )}
    </>
  );
}

const TONES: Readonly<Record<string, Tone>> = { create: "good", change: "live", delete: "bad", log_in_failed: "warn" };

function Row({ entry }: { readonly entry: AuditEntry }) {
  const now = useNow();
  const [open, setOpen] = useState(false);
  const changes = changesOf(entry);
  const title = t.records.kinds[entry.kind]?.one ?? t.admin.audit.kinds[entry.kind] ?? entry.kind;
  const head = (
    <>
      <span className="w-30 shrink-0 text-small text-faint tabular-nums" title={formatFull(entry.at, t.locale)}>
        {formatDay(entry.at, now, t.locale, t.history)} {formatShortClock(entry.at, t.locale)}
      </span>
      <span className="min-w-0 flex-1 basis-48 truncate">
        <span className="font-medium">{entry.actor}</span>
        <span className="pl-2 text-small text-faint">{entry.source}</span>
      </span>
      <StatusMark tone={TONES[entry.action] ?? "plain"}>{t.admin.audit.actions[entry.action] ?? entry.action}</StatusMark>
      <span className="min-w-0 flex-1 basis-24 truncate sm:basis-40">
        <span className="text-soft">{title}</span> <span className="font-medium">{entry.key}</span>
      </span>
    </>
  );
  const look = "flex w-full flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 text-left sm:px-5";
  if (changes.length === 0) {
    return (
      <li className={look}>
        {head}
        <span className="w-4" />
      </li>
    );
  }
  return (
    <li>
      <button type="button" aria-expanded={open} onClick={() => setOpen(!open)} className={`${look} -outline-offset-2 hover:bg-hover`}>
        {head}
        <Icon name="chevronDown" className={`size-4 text-faint transition-transform ${open ? "rotate-180" : ""}`} />
      </button>
      {open && (
        <table className="mx-4 mb-4 w-[calc(100%-2rem)] table-fixed text-left text-small sm:mx-5 sm:w-[calc(100%-2.5rem)]">
          <thead className="text-faint">
            <tr>
              <th scope="col" className="py-1 pr-3 font-normal">{t.admin.audit.field}</th>
              <th scope="col" className="py-1 pr-3 font-normal">{t.admin.audit.before}</th>
              <th scope="col" className="py-1 font-normal">{t.admin.audit.after}</th>
            </tr>
          </thead>
          <tbody className="divide-y divide-line border-t border-line">
            {changes.map((change) => (
              <tr key={change.field}>
                <td className="py-1.5 pr-3 break-words text-soft">{change.field}</td>
                <td className="py-1.5 pr-3 break-words">
                  {change.before !== undefined && <del className="text-bad no-underline">{change.before}</del>}
                </td>
                <td className="py-1.5 break-words">
                  {change.after !== undefined && <ins className="text-good no-underline">{change.after}</ins>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}
