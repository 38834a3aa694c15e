/** Everything about the node that is chosen: its name, its parameters, where its exits lead, and what is wrong with it. */
import { useId, useRef, useState } from "react";
import * as commands from "../../flow/commands.ts";
import { exitsOfNode } from "../../flow/exits.ts";
import { before, targetOf } from "../../flow/graph.ts";
import { sameJson } from "../../flow/same.ts";
import type { ParameterSchema } from "../../flow/schema.ts";
import { firstSentence, titleOf } from "../../flow/summary.ts";
import { END, type Fault, type FlowNode } from "../../flow/types.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useEditorState, useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";

export function NodePanel({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { store, catalogue, words, faults, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const node = flow.nodes[id];
  if (node === undefined) return null;
  const type = catalogue.types.get(node.type);
  const title = titleOf(node, type, words);
  const own = readOnly ? [] : faults.filter((fault) => fault.node === id);
  return (
    <section aria-label={t.flows.nodePanel(title)} className="flex h-full flex-col">
      <header className="flex items-start gap-3 border-b border-line py-3 pr-2 pl-4">
        <span className="mt-0.5 flex size-9 shrink-0 items-center justify-center rounded-lg bg-sunken text-soft">
          <FlowIcon name={node.type} className="size-5" />
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="truncate text-lead font-semibold">{title}</h2>
          <p className="truncate text-label text-faint">{type === undefined ? node.type : words.schema(type.title)}</p>
        </div>
        <IconButton icon="close" label={t.common.close} onClick={onClose} />
      </header>
      <div className="min-h-0 flex-1 overflow-y-auto" onBlur={store.settle}>
        <div className="flex flex-col gap-4 px-4 py-4">
          {type !== undefined && <p className="text-small text-pretty text-soft">{words.schema(firstSentence(type.description))}.</p>}
          <FaultNotes faults={own} />
          <NameField key={id} id={id} node={node} placeholder={type === undefined ? "" : words.schema(type.title)} readOnly={readOnly} />
          {type !== undefined && <Parameters key={id} id={id} node={node} schema={type.parameters} readOnly={readOnly} faults={own} />}
        </div>
        <Exits id={id} node={node} readOnly={readOnly} />
        <ComesFrom id={id} />
      </div>
      {!readOnly && (
        <footer className="flex items-center gap-1 border-t border-line px-3 py-2">
          {flow.entry !== id && (
            <Button look="quiet" onClick={() => store.change(t.flows.did.entry, (now) => commands.setEntry(now, id))}>
              <FlowIcon name="flag" />
              {t.flows.makeEntry}
            </Button>
          )}
          <span className="flex-1" />
          <ToolButton icon="duplicate" label={t.flows.duplicate} onClick={act.duplicate} />
          <IconButton icon="trash" label={t.flows.removeNode} onClick={act.remove} />
        </footer>
      )}
    </section>
  );
}

export function ToolButton({ icon, label, onClick, disabled = false, pressed, keys }: { readonly icon: string; readonly label: string; readonly onClick: () => void; readonly disabled?: boolean; readonly pressed?: boolean; readonly keys?: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={keys === undefined ? label : `${label} (${keys})`}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
      className="inline-flex size-10 items-center justify-center rounded-lg text-soft transition-colors hover:bg-hover hover:text-ink disabled:opacity-40 aria-pressed:bg-accent-soft aria-pressed:text-accent md:size-9"
    >
      <FlowIcon name={icon} className="size-[1.125rem]" />
    </button>
  );
}

function FaultNotes({ faults }: { readonly faults: readonly Fault[] }) {
  // Those of a parameter stand at its field.
  const whole = faults.filter((fault) => fault.exit === null && fault.parameter === null);
  if (whole.length === 0) return null;
  return (
    <ul className="flex flex-col gap-1.5">
      {whole.map((fault, index) => (
        <li key={index} className={`flex items-start gap-2 rounded-lg px-3 py-2 text-small ${fault.warning ? "bg-warn-soft text-warn" : "bg-bad-soft text-bad"}`}>
          <Icon name="warning" className="mt-0.5 size-4" />
          <span className="min-w-0 text-pretty">{fault.text}</span>
        </li>
      ))}
    </ul>
  );
}

const BOX = "block w-full min-h-10 rounded-lg border border-line-strong/60 bg-surface px-3 py-1.5 hover:border-line-strong disabled:opacity-60";

function NameField({ id, node, placeholder, readOnly }: { readonly id: string; readonly node: FlowNode; readonly placeholder: string; readonly readOnly: boolean }) {
  const { store } = useWorkshop();
  const field = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={field} className="font-medium">
        {t.flows.nodeName}
      </label>
      <input
        id={field}
        data-first-field
        value={node.name}
        maxLength={80}
        placeholder={placeholder}
        disabled={readOnly}
        autoComplete="off"
        className={`${BOX} placeholder:text-faint`}
        onChange={(event) => {
          const name = event.target.value;
          store.change(t.flows.did.rename, (now) => commands.rename(now, id, name), `name ${id}`);
        }}
      />
    </div>
  );
}

function Parameters({ id, node, schema, readOnly, faults }: { readonly id: string; readonly node: FlowNode; readonly schema: ParameterSchema; readonly readOnly: boolean; readonly faults: readonly Fault[] }) {
  const { store, catalogue } = useWorkshop();
  // What the form holds, and how often it had to begin anew because of a change from elsewhere (undo).
  const [form, setForm] = useState({ value: node.parameters, version: 0 });
  // A form fills in what the document leaves out as soon as it is drawn: that is no change that somebody made.
  const touched = useRef(false);
  const touch = () => {
    touched.current = true;
  };
  if (!sameJson(form.value, node.parameters)) setForm({ value: node.parameters, version: form.version + 1 });
  if (Object.keys(schema.properties ?? {}).length === 0) return null;
  return (
    <div onPointerDownCapture={touch} onKeyDownCapture={touch} onInputCapture={touch}>
    <SchemaForm
      key={form.version}
      schema={schema}
      value={node.parameters}
      live
      {...(readOnly ? { readOnly: true } : {})}
      faults={faults.flatMap((fault) => (fault.parameter === null ? [] : [{ path: `$.${fault.parameter}`, message: fault.text }]))}
      onChange={(value) => {
        if (!touched.current) return;
        setForm((now) => ({ ...now, value }));
        store.change(t.flows.did.parameters, (now) => commands.setParameters(now, catalogue.types, id, value), `parameters ${id}`);
      }}
    />
    </div>
  );
}

/** Each exit with where it leads: the wires of the canvas, for the keyboard and small screens too. */
function Exits({ id, node, readOnly }: { readonly id: string; readonly node: FlowNode; readonly readOnly: boolean }) {
  const { store, catalogue, words, faults, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const exits = exitsOfNode(catalogue.types, node);
  const field = useId();
  const others = Object.entries(flow.nodes).map(([other, each]) => ({ id: other, title: titleOf(each, catalogue.types.get(each.type), words) }));
  if (exits.length === 0) return null;
  return (
    <section aria-labelledby={`${field}-title`} className="border-t border-line px-4 py-4">
      <h3 id={`${field}-title`} className="mb-2 font-semibold">
        {t.flows.exits}
      </h3>
      <ul className="flex flex-col gap-2.5">
        {exits.map((exit, index) => {
          const target = targetOf(flow, id, exit.name);
          const fault = readOnly ? undefined : faults.find((each) => each.node === id && each.exit === exit.name);
          const label = words.schema(exit.title) || exit.name;
          return (
            <li key={`${exit.name} ${index}`}>
              <label htmlFor={`${field}-${index}`} className="mb-1 block text-small text-soft">
                {label}
              </label>
              <div className="flex items-center gap-1">
                <select
                  id={`${field}-${index}`}
                  value={target === undefined ? "-" : `=${target}`}
                  disabled={readOnly}
                  aria-invalid={fault !== undefined || undefined}
                  className={`${BOX} ${fault === undefined ? "" : "border-bad-line"}`}
                  onChange={(event) => {
                    const { value } = event.target;
                    if (value === "-") act.cut(`${id}:${exit.name}`);
                    else act.lead({ node: id, exit: exit.name }, value.slice(1));
                  }}
                >
                  <option value="-">{exit.optional ? t.flows.notWiredOptional : t.flows.notWired}</option>
                  <option value={`=${END}`}>{t.flows.endCall}</option>
                  {others.map((other) => (
                    <option key={other.id} value={`=${other.id}`}>
                      {other.title}
                    </option>
                  ))}
                </select>
                {target !== undefined && target !== END ? (
                  <IconButton icon="arrowRight" label={t.flows.goTo(others.find((each) => each.id === target)?.title ?? target)} onClick={() => act.go(target)} />
                ) : (
                  !readOnly && (
                    <IconButton
                      icon="plus"
                      label={t.flows.addAfter(label)}
                      onClick={(event) => {
                        const box = event.currentTarget.getBoundingClientRect();
                        act.askAdd({ at: { x: box.left - 280, y: box.bottom }, from: { node: id, exit: exit.name } });
                      }}
                    />
                  )
                )}
              </div>
              {fault !== undefined && <p className="mt-1 text-small text-bad">{fault.text}</p>}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function ComesFrom({ id }: { readonly id: string }) {
  const { store, catalogue, words, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const from = before(flow, id);
  if (from.length === 0) return null;
  return (
    <section className="border-t border-line px-4 py-4">
      <h3 className="mb-2 font-semibold">{t.flows.comesFrom}</h3>
      <ul className="flex flex-wrap gap-2">
        {from.map((each) => {
          const node = flow.nodes[each];
          return (
            <li key={each}>
              <Button onClick={() => act.go(each)}>{node === undefined ? each : titleOf(node, catalogue.types.get(node.type), words)}</Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
