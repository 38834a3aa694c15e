/** SIP messages as they went over the wire: a list of conversations, each as a ladder and as a file for Wireshark. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { download, request } from "../../api/client.ts";
import { changed, part } from "../../core/address.ts";
import { faultWords } from "../../core/problem.ts";
import { formatClock, formatDay } from "../../core/time.ts";
import { traceQuery } from "../../media/queries.ts";
import type { SipTraceList, SipTraceSummary } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Ladder } from "../../trace/Ladder.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { useNow } from "../../ui/now.ts";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Pager } from "../history/Pager.tsx";

const route = getRouteApi("/office/traces");
const SIZE = 50;

export function TracesPage() {
  const { q = "", open, page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery({
    queryKey: ["sip-traces", "list", q, page],
    queryFn: () => request<SipTraceList>("/sip-traces", { query: { peer: q, limit: SIZE, offset: (page - 1) * SIZE } }),
    refetchInterval: 10_000,
  });
  return (
    <>
      <PageHead title={t.nav.traces} lead={t.admin.traces.lead} />
      <div className="mb-3">
        <SearchBox
          label={t.admin.traces.search}
          value={q}
          onChange={(value) => void navigate({ search: changed({ q: value, page: undefined }), replace: true })}
        />
      </div>
      <Panel label={t.nav.traces}>
        <Loaded query={query} rows={6}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="swap" title={t.admin.traces.none} help={t.admin.traces.noneHelp} />
            ) : (
              <ul className="divide-y divide-line">
                {items.map((each) => (
                  <Row key={each.id} trace={each} query={q} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Panel>
      {query.data !== undefined && query.data.total > SIZE && (
        <Pager
          page={page}
          size={SIZE}
          shown={query.data.items.length}
          total={query.data.total}
          onPage={(next) => void navigate({ search: changed({ page: part(next) }) })}
        />
      )}
      {open !== undefined && <TraceDrawer id={open} onClose={() => void navigate({ search: changed({ open: undefined }), resetScroll: false })} />}
    </>
  );
}

function Row({ trace, query }: { readonly trace: SipTraceSummary; readonly query: string }) {
  const now = useNow();
  const { status } = trace;
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5 hover:bg-hover sm:px-5">
      <span className="w-32 text-small text-faint tabular-nums">
        {formatDay(trace.first_at, now, t.locale, t.history)} {formatClock(trace.first_at, t.locale)}
      </span>
      <Link
        to="/traces"
        search={{ ...(query === "" ? {} : { q: query }), open: trace.id }}
        resetScroll={false}
        className="min-w-0 flex-1 basis-56 truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
      >
        {trace.method} {user(trace.from_uri)}
        {trace.to_uri !== trace.from_uri && ` → ${user(trace.to_uri)}`}
      </Link>
      <span className="min-w-0 flex-1 basis-40 truncate text-small text-soft max-sm:hidden">{trace.peers.join(", ")}</span>
      <span className="w-24 text-small text-faint tabular-nums max-sm:hidden">{t.admin.traces.messages(trace.messages)}</span>
      <StatusMark tone={status === null ? "plain" : status < 300 ? "good" : "bad"}>{status === null ? t.admin.traces.open : String(status)}</StatusMark>
    </li>
  );
}

function TraceDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const say = useSay();
  const query = useQuery(traceQuery(id));
  const save = () => void download(`/sip-traces/${encodeURIComponent(id)}.pcap`, `${id}.pcap`).catch((fault: unknown) => say(faultWords(fault, t)));
  return (
    <Dialog shape="wide" label={t.admin.traces.ladder} onClose={onClose}>
      <DrawerHead title={t.admin.traces.ladder} lead={<span className="font-mono text-small break-all">{id}</span>} onClose={onClose} />
      <div className="flex min-h-0 flex-1 flex-col gap-4 overflow-y-auto p-5">
        <div>
          <Button icon="download" onClick={save}>
            {t.admin.traces.pcap}
          </Button>
        </div>
        <Loaded query={query} rows={6}>
          {(trace) => <Ladder trace={trace} />}
        </Loaded>
      </div>
    </Dialog>
  );
}

/** "sip:101@192.0.2.10:5060" reads "101". */
function user(uri: string): string {
  return /^sips?:([^@;>]+)/i.exec(uri)?.[1] ?? uri;
}
