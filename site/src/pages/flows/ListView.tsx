/** The flow as a list in the order in which calls meet the nodes: for small screens and screen readers. */
import { useMemo } from "react";
import { exitsOfNode } from "../../flow/exits.ts";
import { inOrder, targetOf } from "../../flow/graph.ts";
import { summaryOf, titleOf } from "../../flow/summary.ts";
import { END, own } from "../../flow/types.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { merged } from "./cards.ts";
import { useEditorState, useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";
import { MarkBadge } from "./NodeCard.tsx";

export function ListView() {
  const { store, catalogue, words, nameOf, faults, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const selection = useEditorState(store, (state) => state.selection);
  const sources = useEditorState(store, (state) => state.marks);
  const marks = useMemo(() => merged(sources), [sources]);
  const exits = (id: string) => exitsOfNode(catalogue.types, flow.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 });
  const title = (id: string) => {
    const node = own(flow.nodes, id);
    return node === undefined ? id : titleOf(node, catalogue.types.get(node.type), words);
  };
  const ids = inOrder(flow, exits);
  return (
    <div className="h-full overflow-y-auto px-3 py-4 sm:px-6" data-list>
      {ids.length === 0 && (
        <EmptyState icon="plus" title={t.flows.emptyTitle} help={t.flows.emptyHelp} />
      )}
      <ol aria-label={t.flows.listTitle} className="mx-auto flex max-w-2xl flex-col gap-2.5">
        {ids.map((id, index) => {
          const node = flow.nodes[id];
          if (node === undefined) return null;
          const wrong = readOnly ? [] : faults.filter((fault) => fault.node === id);
          const mark = own(marks.nodes, id);
          const rows = exits(id).filter((exit) => !exit.optional || targetOf(flow, id, exit.name) !== undefined);
          return (
            <li key={id} data-node={id} className={`relative rounded-xl border bg-surface shadow-card ${selection.has(id) ? "border-accent" : "border-line"}`}>
              <button type="button" data-open={id} className="flex w-full items-center gap-3 rounded-xl px-3.5 py-3 text-left hover:bg-hover" onClick={() => act.open(id)}>
                <span className="w-5 text-right text-label text-faint tabular-nums">{index + 1}</span>
                <span className={`flex size-9 shrink-0 items-center justify-center rounded-lg ${flow.entry === id ? "bg-accent text-on-accent" : "bg-sunken text-soft"}`}>
                  <FlowIcon name={node.type} className="size-5" />
                </span>
                <span className="min-w-0 flex-1">
                  <span className="block truncate font-medium">{title(id)}</span>
                  <span className="block truncate text-small text-faint">{summaryOf(node, catalogue.types.get(node.type), words, nameOf)}</span>
                </span>
                {flow.entry === id && <span className="text-label text-accent">{t.flows.entry}</span>}
                {wrong.length > 0 && (
                  <span className="flex items-center gap-1 rounded-full bg-bad-soft px-2 text-label leading-6 font-semibold text-bad">
                    <Icon name="warning" className="size-3.5" />
                    {wrong.length}
                    <span className="sr-only">{t.flows.faults(wrong.length)}</span>
                  </span>
                )}
                <Icon name="chevronRight" className="size-4 text-faint" />
              </button>
              {mark !== undefined && <MarkBadge mark={mark} />}
              {rows.length > 0 && (
                <ul className="border-t border-line px-3.5 py-1.5">
                  {rows.map((exit) => {
                    const target = targetOf(flow, id, exit.name);
                    const label = words.schema(exit.title) || exit.name;
                    return (
                      <li key={exit.name} className="flex min-h-9 items-center gap-2 text-small">
                        <span className="min-w-0 flex-1 truncate text-soft">{label}</span>
                        {target === undefined ? (
                          readOnly ? (
                            <span className="text-faint">{t.flows.notWired}</span>
                          ) : (
                            <button
                              type="button"
                              className="flex min-h-8 items-center gap-1 rounded-lg px-2 font-medium text-bad hover:bg-bad-soft"
                              onClick={(event) => {
                                const box = event.currentTarget.getBoundingClientRect();
                                act.askAdd({ at: { x: box.left - 200, y: box.bottom }, from: { node: id, exit: exit.name } });
                              }}
                            >
                              <Icon name="plus" className="size-3.5" />
                              {t.flows.notWired}
                              <span className="sr-only">{t.flows.addAfter(label)}</span>
                            </button>
                          )
                        ) : target === END ? (
                          <span className="text-faint">{t.flows.endCall}</span>
                        ) : (
                          <button type="button" className="flex min-h-8 max-w-[60%] items-center gap-1 rounded-lg px-2 text-accent hover:bg-accent-soft" onClick={() => act.go(target)}>
                            <Icon name="arrowRight" className="size-3.5" />
                            <span className="truncate">{title(target)}</span>
                          </button>
                        )}
                      </li>
                    );
                  })}
                </ul>
              )}
            </li>
          );
        })}
      </ol>
      {!readOnly && (
        <div className="mx-auto mt-4 flex max-w-2xl justify-center pb-24">
          <Button
            icon="plus"
            onClick={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              act.askAdd({ at: { x: box.left - 60, y: box.top - 390 } });
            }}
          >
            {t.flows.addTitle}
          </Button>
        </div>
      )}
    </div>
  );
}
