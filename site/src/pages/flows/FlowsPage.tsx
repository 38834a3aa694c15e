/** All call flows: what is live, what has changed since, and the way into the editor. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { changed } from "../../core/address.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import { fold } from "../../flow/search.ts";
import { formatFlow, parseFlow, readFlow } from "../../flow/transfer.ts";
import type { Flow } from "../../flow/types.ts";
import { useSource } from "../../office/source.ts";
import { useRecords } from "../../records/data.ts";
import type { FlowState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Menu } from "./Menu.tsx";
import { NewFlow, type Start } from "./NewFlow.tsx";
import { download, fileName, FLOW_STATES, flowStatesQuery } from "./queries.ts";

const route = getRouteApi("/office/flows");

export function FlowsPage() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const source = useSource();
  const say = useSay();
  const file = useRef<HTMLInputElement>(null);
  const [start, setStart] = useState<Start>();
  const { data: records, error } = useRecords("flow");
  const { data: states } = useQuery({ ...flowStatesQuery, enabled: source.mode === "node" });
  const flows = records?.flatMap((each) => readFlow(each) ?? []);
  const wanted = fold(q).split(/\s+/);
  const shown = flows?.filter((flow) => wanted.every((word) => fold(`${flow.number} ${flow.name} ${flow.description}`).includes(word)));
  const making = open === "new" ? {} : start;
  const close = () => {
    setStart(undefined);
    if (open !== undefined) void navigate({ search: changed({ open: undefined }) });
  };
  const read = async (chosen: File | undefined) => {
    if (chosen === undefined) return;
    const flow = parseFlow(await chosen.text());
    if (flow === undefined) say(t.flows.noFlowFile(chosen.name));
    else setStart({ flow });
  };
  const toEditor = (number: string) => void navigate({ to: "/flows/$number", params: { number } });

  return (
    <>
      <PageHead title={t.nav.flows} lead={t.flows.lead}>
        <span className="flex gap-2">
          <Button onClick={() => file.current?.click()} className="max-sm:hidden">
            {t.flows.importNew}
          </Button>
          <Button look="primary" icon="plus" onClick={() => setStart({})}>
            {t.flows.newFlow}
          </Button>
        </span>
      </PageHead>
      <input
        ref={file}
        type="file"
        accept=".json,application/json"
        aria-label={t.flows.importNew}
        className="hidden"
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <SearchBox label={t.flows.search} value={q} onChange={(value) => void navigate({ search: changed({ q: value }), replace: true })} />
        {shown !== undefined && (
          <span role="status" className="text-soft">
            {t.flows.count(shown.length)}
          </span>
        )}
      </div>
      {error !== null && shown !== undefined && <Notice tone="warn">{faultWords(error, t)}</Notice>}
      <section aria-label={t.nav.flows} className="rounded-2xl border border-line bg-surface shadow-card">
        {shown === undefined ? (
          error === null ? <Skeleton rows={4} /> : <EmptyState icon="unplugged" title={faultWords(error, t)} />
        ) : shown.length > 0 ? (
          <ul className="divide-y divide-line">
            {shown.map((flow) => (
              <li key={flow.number}>
                <FlowRow flow={flow} state={states?.items.find((each) => each.flow === flow.number)} onCopy={() => setStart({ flow })} />
              </li>
            ))}
          </ul>
        ) : q === "" ? (
          <EmptyState icon="phone" title={t.flows.none} help={t.flows.noneHelp}>
            <Button look="primary" icon="plus" onClick={() => setStart({})}>
              {t.flows.first}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState icon="search" title={t.flows.noMatch(q)}>
            <Button onClick={() => void navigate({ search: changed({ q: undefined }) })}>{t.common.clearSearch}</Button>
          </EmptyState>
        )}
      </section>
      {making !== undefined && <NewFlow start={making} onClose={close} onMade={toEditor} />}
    </>
  );
}

function FlowRow({ flow, state, onCopy }: { readonly flow: Flow; readonly state: FlowState | undefined; readonly onCopy: () => void }) {
  const [deleting, setDeleting] = useState(false);
  return (
    <div data-flow={flow.number} className="relative flex items-center gap-3 px-4 py-3 hover:bg-hover sm:px-5">
      <span className="w-12 shrink-0 font-medium tabular-nums">{flow.number}</span>
      <div className="min-w-0 flex-1">
        <Link to="/flows/$number" params={{ number: flow.number }} search={{}} className="font-medium after:absolute after:inset-0">
          {flow.name}
        </Link>
        <p className="truncate text-small text-soft">{flow.description || t.flows.nodeCount(Object.keys(flow.nodes).length)}</p>
      </div>
      {state !== undefined && (
        <div className="flex flex-col items-end gap-1 text-right">
          {state.problem !== "" ? <StatusMark tone="bad">{t.flows.broken}</StatusMark> : state.live === null ? <StatusMark tone="plain">{t.flows.notLive}</StatusMark> : state.changed ? <StatusMark tone="warn">{t.flows.liveChanged}</StatusMark> : <StatusMark tone="good">{t.flows.liveNow}</StatusMark>}
          <span className="text-label text-faint max-sm:hidden">{state.problem !== "" ? state.problem : state.live === null ? "" : t.flows.publishedBy(formatFull(state.live.at, t.locale), state.live.author)}</span>
        </div>
      )}
      <span className="relative z-10">
        <Menu
          label={t.flows.moreOf(flow.name)}
          items={[
            { icon: "duplicate", label: t.flows.copyFlow, run: onCopy },
            { icon: "download", label: t.flows.export, run: () => download(fileName(flow), formatFlow(flow)) },
            { icon: "hang_up", label: t.flows.deleteFlow, danger: true, run: () => setDeleting(true) },
          ]}
        />
      </span>
      {deleting && <DeleteFlow flow={flow} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function DeleteFlow({ flow, onClose }: { readonly flow: Flow; readonly onClose: () => void }) {
  const source = useSource();
  const client = useQueryClient();
  const say = useSay();
  const [fault, setFault] = useState<RequestFault>();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    try {
      await source.remove("flow", flow.number);
      await Promise.all([client.invalidateQueries({ queryKey: ["records"] }), client.invalidateQueries({ queryKey: FLOW_STATES })]);
      say(t.flows.deleted(flow.name));
      onClose();
    } catch (caught) {
      if (!(caught instanceof RequestFault)) throw caught;
      setFault(caught);
      setBusy(false);
    }
  };
  return (
    <Confirm
      title={t.flows.deleteTitle(flow.number, flow.name)}
      help={t.flows.deleteHelp}
      onClose={onClose}
      fault={
        fault !== undefined && (
          <Notice tone="bad" alert>
            <p>{faultWords(fault, t)}</p>
            <ul className="list-disc pl-4 text-small">
              {fault.errors.map((each, index) => (
                <li key={index}>{each.message}</li>
              ))}
            </ul>
          </Notice>
        )
      }
      cancel={
        <Button data-focus-first onClick={onClose}>
          {t.common.cancel}
        </Button>
      }
      confirm={
        <Button look="danger" busy={busy} onClick={() => void run()}>
          {t.flows.deleteFlow}
        </Button>
      }
    />
  );
}
