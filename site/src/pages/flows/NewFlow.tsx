/** A new flow: empty, from a template, from a file, or as a copy. It asks for what has to be chosen, and no more. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { layout } from "../../flow/layout.ts";
import { catalogue } from "../../flow/catalogue.ts";
import { move } from "../../flow/commands.ts";
import { emptyFlow, readFlow } from "../../flow/transfer.ts";
import type { Flow } from "../../flow/types.ts";
import nodesFile from "../../../schema/nodes.json";
import { kindNamed } from "../../office/kinds.ts";
import { useSource } from "../../office/source.ts";
import { useRecords } from "../../records/data.ts";
import type { FlowTemplate } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Field } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { FlowIcon } from "./icons.tsx";
import { FLOW_STATES, templatesQuery } from "./queries.ts";

export interface Start {
  /** What the new flow begins as; without one a template is chosen. */
  readonly flow?: Flow;
}

export function NewFlow({ start, onClose, onMade }: { readonly start: Start; readonly onClose: () => void; readonly onMade: (number: string) => void }) {
  const source = useSource();
  const { data } = useQuery({ ...templatesQuery, enabled: source.mode === "node" && start.flow === undefined });
  const [template, setTemplate] = useState<FlowTemplate | "empty">("empty");
  const { data: flows } = useRecords("flow");
  const taken = new Set(flows?.map((each) => String(each["number"])));
  const free = freeNumber(taken);
  const [number, setNumber] = useState<string>();
  const [name, setName] = useState<string>();
  const [fault, setFault] = useState<RequestFault>();
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  const id = useId();

  const first = start.flow ?? (template === "empty" ? undefined : readFlow(template.flow));
  const shownNumber = number ?? (start.flow === undefined && first !== undefined && !taken.has(first.number) ? first.number : free);
  const shownName = name ?? (start.flow === undefined ? (template === "empty" ? "" : (t.flows.templates[template.id]?.name ?? template.name)) : t.flows.copyOf(start.flow.name));
  const fieldFault = (field: string) => fault?.errors.find((each) => each.path.replace("$.", "") === field)?.message;

  const make = async () => {
    setBusy(true);
    setFault(undefined);
    const made = first === undefined ? emptyFlow(shownNumber, shownName) : { ...first, number: shownNumber.trim(), name: shownName };
    const laid = start.flow === undefined ? move(made, layout(made, catalogue(nodesFile).types)) : made;
    try {
      await source.create("flow", { ...laid, number: shownNumber.trim(), name: shownName.trim() });
      await Promise.all([client.invalidateQueries({ queryKey: ["records"] }), client.invalidateQueries({ queryKey: FLOW_STATES })]);
      onMade(shownNumber.trim());
    } catch (caught) {
      if (!(caught instanceof RequestFault)) throw caught;
      setFault(caught);
      setBusy(false);
    }
  };

  return (
    <Dialog label={t.flows.newTitle} onClose={onClose} shape="side">
      <DrawerHead title={start.flow === undefined ? t.flows.newTitle : t.flows.copyFlow} onClose={onClose} />
      <form
        className="flex min-h-0 flex-1 flex-col"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <div className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto px-5 py-5">
          {start.flow === undefined && source.mode === "node" && (
            <fieldset>
              <legend className="mb-2 font-medium">{t.flows.beginWith}</legend>
              <div className="flex flex-col gap-2">
                <Choice id={`${id}-empty`} icon="plus" chosen={template === "empty"} title={t.flows.empty} help={t.flows.emptyFlowHelp} onChoose={() => setTemplate("empty")} />
                {data?.items.map((each) => (
                  <Choice
                    key={each.id}
                    id={`${id}-${each.id}`}
                    icon="flow"
                    chosen={template !== "empty" && template.id === each.id}
                    title={t.flows.templates[each.id]?.name ?? each.name}
                    help={t.flows.templates[each.id]?.description ?? each.description}
                    onChoose={() => {
                      setTemplate(each);
                      setName(undefined);
                      setNumber(undefined);
                    }}
                  />
                ))}
              </div>
            </fieldset>
          )}
          {template !== "empty" && template.needs.length > 0 && <Needs template={template} />}
          <Field label={t.flows.flowName} value={shownName} maxLength={80} required data-focus-first={start.flow !== undefined || undefined} autoComplete="off" fault={fieldFault("name")} onChange={(event) => setName(event.target.value)} />
          <Field label={t.flows.number} help={t.flows.numberHelp} value={shownNumber} inputMode="numeric" required autoComplete="off" fault={fieldFault("number")} onChange={(event) => setNumber(event.target.value)} />
          {fault !== undefined && fieldFault("name") === undefined && fieldFault("number") === undefined && (
            <Notice tone="bad" alert>
              {fault.status === 409 ? t.flows.taken(shownNumber) : faultWords(fault, t)}
            </Notice>
          )}
        </div>
        <footer className="flex justify-end gap-2 border-t border-line px-5 py-3">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" busy={busy} disabled={shownName.trim() === ""}>
            {t.flows.create}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}

function Choice({ id, icon, chosen, title, help, onChoose }: { readonly id: string; readonly icon: "plus" | "flow"; readonly chosen: boolean; readonly title: string; readonly help: string; readonly onChoose: () => void }) {
  return (
    <label htmlFor={id} className={`flex cursor-pointer items-start gap-3 rounded-xl border px-3.5 py-3 ${chosen ? "border-accent bg-accent-soft" : "border-line hover:border-line-strong"}`}>
      <input id={id} type="radio" name="template" checked={chosen} onChange={onChoose} className="peer sr-only" />
      <span className="mt-0.5 flex size-8 shrink-0 items-center justify-center rounded-lg bg-sunken text-soft peer-focus-visible:outline-2 peer-focus-visible:outline-accent">
        {icon === "plus" ? <Icon name="plus" /> : <FlowIcon name="flow" />}
      </span>
      <span className="min-w-0">
        <span className="block font-medium">{title}</span>
        <span className="block text-small text-pretty text-soft">{help}</span>
      </span>
    </label>
  );
}

/** What the template names, and whether the office has it. The faults of the draft say the rest. */
function Needs({ template }: { readonly template: FlowTemplate }) {
  return (
    <section className="rounded-xl bg-sunken px-4 py-3">
      <h3 className="mb-1 font-medium">{t.flows.needs}</h3>
      <ul className="flex flex-col gap-1">
        {template.needs.map((need) => (
          <Need key={`${need.kind} ${need.key}`} kind={need.kind} recordKey={need.key} name={need.name} />
        ))}
      </ul>
      <p className="mt-2 text-small text-soft">{t.flows.needsHelp}</p>
    </section>
  );
}

function Need({ kind, recordKey, name }: { readonly kind: string; readonly recordKey: string; readonly name: string }) {
  const { data } = useRecords(kind);
  const named = kindNamed(kind);
  const there = data?.some((each) => String(each[named.key]) === recordKey);
  return (
    <li className="flex items-center gap-2 text-small">
      <Icon name={there === true ? "check" : "plus"} className={`size-4 ${there === true ? "text-good" : "text-faint"}`} />
      <span>
        {t.records.kinds[kind]?.one ?? named.title} {recordKey}
        {name !== "" && name !== recordKey && ` · ${name}`}
      </span>
      {there === true && <span className="text-good">{t.flows.isThere}</span>}
    </li>
  );
}

/** 500, or the next that no flow has. */
function freeNumber(taken: ReadonlySet<string>): string {
  let number = 500;
  while (taken.has(String(number))) number++;
  return String(number);
}
