/** What stands at the side while no node is chosen: the flow itself, and everything that is wrong with it. */
import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import * as commands from "../../flow/commands.ts";
import { titleOf } from "../../flow/summary.ts";
import { wireKey, type Fault, type Flow } from "../../flow/types.ts";
import { useUsers } from "../../records/data.ts";
import { kindNamed } from "../../office/kinds.ts";
import { useSource } from "../../office/source.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useEditorState, useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";
import { flowStatesQuery } from "./queries.ts";

const BOX = "block w-full min-h-10 rounded-lg border border-line-strong/60 bg-surface px-3 py-1.5 hover:border-line-strong disabled:opacity-60 placeholder:text-faint";

export function FlowPanel() {
  const { store, faults } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const stored = useEditorState(store, (state) => state.stored);
  const id = useId();
  const set = (settings: Parameters<typeof commands.setSettings>[1], field: string) =>
    store.change(t.flows.did.settings, (now) => commands.setSettings(now, settings), `settings ${field}`);
  return (
    <section aria-label={t.flows.flowPanel} className="flex h-full flex-col overflow-y-auto" onBlur={store.settle}>
      <div className="flex flex-col gap-4 px-4 py-4">
        <h2 className="text-lead font-semibold">{t.flows.flowPanel}</h2>
        <Labelled id={`${id}-name`} label={t.flows.flowName}>
          <input id={`${id}-name`} className={BOX} value={flow.name} maxLength={80} disabled={readOnly} autoComplete="off" onChange={(event) => set({ name: event.target.value }, "name")} />
        </Labelled>
        <Labelled id={`${id}-about`} label={t.flows.flowDescription}>
          <textarea id={`${id}-about`} className={BOX} rows={3} value={flow.description} maxLength={500} disabled={readOnly} placeholder={t.flows.flowDescriptionHelp} onChange={(event) => set({ description: event.target.value }, "description")} />
        </Labelled>
        <Labelled id={`${id}-record`} label={t.flows.record}>
          <select id={`${id}-record`} className={BOX} value={flow.record} disabled={readOnly} onChange={(event) => set({ record: event.target.value as Flow["record"] }, "record")}>
            {(["default", "always", "on_demand", "never"] as const).map((each) => (
              <option key={each} value={each}>
                {t.flows.recordHow[each]}
              </option>
            ))}
          </select>
        </Labelled>
      </div>
      {!readOnly && <FaultList faults={faults} />}
      <TryIt key={stored} number={flow.number} />
    </section>
  );
}

function Labelled({ id, label, children }: { readonly id: string; readonly label: string; readonly children: React.ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {children}
    </div>
  );
}

/** Every fault with its way there. */
export function FaultList({ faults }: { readonly faults: readonly Fault[] }) {
  const { store, catalogue, words, act } = useWorkshop();
  const nodes = store.draft.nodes;
  if (faults.length === 0) {
    return (
      <p className="mx-4 mb-4 flex items-center gap-2 rounded-lg bg-good-soft px-3 py-2 text-good">
        <Icon name="check" />
        {t.flows.noFaults}
      </p>
    );
  }
  return (
    <section aria-labelledby="flow-faults" className="border-t border-line px-4 py-4">
      <h3 id="flow-faults" className="mb-2 font-semibold">
        {t.flows.faultsTitle(faults.length)}
      </h3>
      <ul className="flex flex-col gap-1">
        {faults.map((fault, index) => {
          const node = fault.node === null ? undefined : nodes[fault.node];
          const where = node === undefined ? fault.test : titleOf(node, catalogue.types.get(node.type), words);
          const line = (
            <>
              <Icon name="warning" className={`mt-0.5 size-4 ${fault.warning ? "text-warn" : "text-bad"}`} />
              <span className="min-w-0 flex-1 text-small">
                {where !== null && <span className="block font-medium">{where}</span>}
                <span className="block text-pretty text-soft">{fault.text}</span>
              </span>
            </>
          );
          return (
            <li key={index}>
              {node === undefined || fault.node === null ? (
                <div className="flex items-start gap-2 px-2 py-1.5">{line}</div>
              ) : (
                <button type="button" data-fault={fault.exit === null ? fault.node : wireKey(fault.node, fault.exit)} className="flex w-full items-start gap-2 rounded-lg px-2 py-1.5 text-left hover:bg-hover" onClick={() => act.go(fault.node ?? "")}>
                  {line}
                  <Icon name="chevronRight" className="mt-0.5 size-4 text-faint" />
                  <span className="sr-only">{t.flows.goThere}</span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** How calls come to this flow. */
function TryIt({ number }: { readonly number: string }) {
  const source = useSource();
  const states = useQuery({ ...flowStatesQuery, enabled: source.mode === "node" }).data?.items;
  const live = states?.some((each) => each.flow === number && each.live !== null) === true;
  const { data } = useUsers(kindNamed("flow"), number);
  return (
    <section className="border-t border-line px-4 py-4">
      <h3 className="mb-2 font-semibold">{t.flows.tryTitle}</h3>
      <p className="flex items-start gap-2 text-soft">
        <Icon name="phone" className="mt-0.5 size-4" />
        <span>{t.flows.tryDial(number, live)}</span>
      </p>
      {data !== undefined && (
        <p className="mt-2 flex items-start gap-2 text-soft">
          <FlowIcon name="inbound_number" className="mt-0.5 size-4" />
          <span>{data.length === 0 ? t.flows.noNumber : t.flows.leadsHere(data.map((user) => (user.kind.name === "inbound_number" ? user.key : `${user.key} ${user.name}`)).join(", "))}</span>
        </p>
      )}
    </section>
  );
}

