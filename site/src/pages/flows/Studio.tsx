/** The editor of one flow: palette, canvas or list, side panel, and what holds them together. */
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Suspense, useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import nodesFile from "../../../schema/nodes.json";
import { EditorContext, type Editor } from "../../flow/editor.ts";
import { catalogue } from "../../flow/catalogue.ts";
import * as commands from "../../flow/commands.ts";
import { exitsOfNode } from "../../flow/exits.ts";
import { allFaults, localFaults } from "../../flow/faults.ts";
import { GRID, WIDTH } from "../../flow/geometry.ts";
import { targetOf } from "../../flow/graph.ts";
import { freePlace, layout } from "../../flow/layout.ts";
import { copy, paste } from "../../flow/transfer.ts";
import { faultWords, summaryWords } from "../../flow/words.ts";
import { useSource } from "../../office/source.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";
import { Button } from "../../ui/Button.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { AddMenu } from "./AddMenu.tsx";
import { Canvas } from "./Canvas.tsx";
import { ConflictDialog } from "./ConflictDialog.tsx";
import { useEditorState, WorkshopProvider, type Actions, type AddRequest, type Workshop } from "./context.ts";
import type { DraftKeeper } from "./draft.ts";
import { FindBox } from "./FindBox.tsx";
import { FlowPanel } from "./FlowPanel.tsx";
import { ListView } from "./ListView.tsx";
import { useNames } from "./names.ts";
import { NodePanel } from "./NodePanel.tsx";
import { Palette } from "./Palette.tsx";
import { PANELS, type EditorPanel } from "./panels.tsx";
import { PublishDialog } from "./PublishDialog.tsx";
import { checkFlow } from "./queries.ts";
import { SelectionPanel } from "./SelectionPanel.tsx";
import { ShortcutSheet } from "./ShortcutSheet.tsx";
import { isNode, isWire, noteIndex, noteKey, type EditorStore } from "./store.ts";
import { TopBar } from "./TopBar.tsx";
import { useWholeScreen, useWide } from "./screen.ts";
import { useEditorKeys, type KeyActions } from "./useKeys.ts";

const CATALOGUE = catalogue(nodesFile);
const SUMMARY_WORDS = summaryWords(t);
const FAULT_WORDS = faultWords(t);
const GAP = 90;

interface StudioProps {
  readonly store: EditorStore;
  readonly keeper: DraftKeeper;
}

export function Studio(props: StudioProps) {
  return (
    <ReactFlowProvider>
      <Inner {...props} />
    </ReactFlowProvider>
  );
}

function Inner({ store, keeper }: StudioProps) {
  const draft = useEditorState(store, (state) => state.history.present);
  const shown = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const viewed = useEditorState(store, (state) => state.viewed);
  const selection = useEditorState(store, (state) => state.selection);
  const checked = useEditorState(store, (state) => state.checked);
  const stored = useEditorState(store, (state) => state.stored);
  const opened = useEditorState(store, (state) => state.opened);
  const save = useSyncExternalStore(keeper.subscribe, keeper.get);
  const nameOf = useNames(CATALOGUE.types);
  const wide = useWide();
  const [asList, setAsList] = useState(!wide);
  const [palette, setPalette] = useState(true);
  const [adding, setAdding] = useState<AddRequest>();
  const [finding, setFinding] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [publishing, setPublishing] = useState(false);
  const [later, setLater] = useState(false);
  const [argument, setArgument] = useState<string>();
  const { tab } = useSearch({ from: "/office/flows/$number" });
  const navigate = useNavigate({ from: "/flows/$number" });
  const source = useSource();
  const say = useSay();
  useWholeScreen();
  const frame = useRef<HTMLDivElement>(null);
  const side = useRef<HTMLElement>(null);
  const flowView = useReactFlow();

  // -- the draft is kept, and checked when the node has it
  useEffect(() => keeper.changed(draft), [keeper, draft]);
  useEffect(() => {
    if (source.mode !== "node" || save.is !== "saved") return;
    let gone = false;
    const about = store.draft;
    void checkFlow(about.number).then(
      ({ faults }) => gone || store.set({ checked: { flow: about, faults } }),
      () => undefined,
    );
    return () => {
      gone = true;
    };
    // `nameOf` is another when a record was made or renamed: what was missing may be there now.
  }, [save.is, stored, source, store, nameOf]);
  const faults = useMemo(() => allFaults(localFaults(draft, CATALOGUE.types, FAULT_WORDS), draft, checked), [draft, checked]);

  // -- what can be done
  const focusCanvas = useCallback((id: string) => {
    const card = `.react-flow__node[data-id="${CSS.escape(id)}"], [data-open="${CSS.escape(id)}"]`;
    // In a large flow the card is drawn only when the canvas has moved to it.
    const attempt = (frames: number) => {
      const found = frame.current?.querySelector<HTMLElement>(card);
      if (found !== null && found !== undefined) found.focus();
      else if (frames > 0) requestAnimationFrame(() => attempt(frames - 1));
    };
    requestAnimationFrame(() => attempt(30));
  }, []);
  const middle = useCallback(() => {
    const box = frame.current?.querySelector(".react-flow")?.getBoundingClientRect() ?? frame.current?.getBoundingClientRect();
    return flowView.screenToFlowPosition({ x: (box?.left ?? 0) + (box?.width ?? 800) / 2 - WIDTH / 2, y: (box?.top ?? 0) + (box?.height ?? 600) / 3 });
  }, [flowView]);
  const fitTo = useCallback(
    (ids: readonly string[]) => void flowView.fitView({ padding: 0.15, maxZoom: 1, duration: calm() ? 0 : 250, ...(ids.length === 0 ? {} : { nodes: ids.map((id) => ({ id })) }) }),
    [flowView],
  );
  /** Moves the canvas only when the node is not in sight. */
  const show = useCallback(
    (id: string) => {
      const node = store.shown.nodes[id];
      const box = frame.current?.querySelector(".react-flow")?.getBoundingClientRect();
      if (node === undefined || box === undefined) return;
      const { x, y } = flowView.flowToScreenPosition(node);
      const inSight = x > box.left + 20 && y > box.top + 20 && x + WIDTH * flowView.getZoom() < box.right - 20 && y + 90 * flowView.getZoom() < box.bottom - 20;
      if (!inSight) void flowView.setCenter(node.x + WIDTH / 2, node.y + 80, { zoom: Math.max(0.6, flowView.getZoom()), duration: calm() ? 0 : 250 });
    },
    [store, flowView],
  );

  const act = useMemo<Actions>(() => {
    const go = (id: string) => {
      store.select([id], store.get().opened && wide);
      show(id);
      focusCanvas(id);
    };
    const add: Actions["add"] = (name, where = {}) => {
      const type = CATALOGUE.types.get(name);
      if (type === undefined || store.readOnly) return;
      const { nodes } = store.draft;
      const after = where.from ?? (where.on === undefined && where.place === undefined ? spare(store) : undefined);
      const before = after === undefined ? (where.on === undefined ? undefined : nodes[where.on.split(":")[0] ?? ""]) : nodes[after.node];
      const wanted = where.place ?? (before === undefined ? middle() : { x: before.x + WIDTH + GAP, y: before.y });
      const place = where.place !== undefined && where.on === undefined ? snap(where.place) : freePlace(store.draft, CATALOGUE.types, snap(wanted));
      const id = commands.newId(store.draft, name);
      store.change(t.flows.did.add(SUMMARY_WORDS.schema(type.title)), (flow) => {
        if (where.on !== undefined) return commands.insertNode(flow, type, place, where.on);
        return after === undefined ? commands.addNode(flow, type, place) : commands.addNodeAfter(flow, type, place, after);
      });
      store.select([id], wide);
      requestAnimationFrame(() => {
        show(id);
        focusCanvas(id);
      });
    };
    const chosen = () => {
      const { selection } = store.get();
      return {
        nodes: [...selection].filter(isNode),
        notes: [...selection].flatMap((each) => noteIndex(each) ?? []),
        wires: [...selection].filter(isWire),
      };
    };
    return {
      add,
      askAdd: setAdding,
      go,
      open: (id) => {
        store.select([id], true);
        if (!wide) requestAnimationFrame(() => side.current?.querySelector<HTMLElement>("button, input")?.focus());
      },
      remove: () => {
        const what = chosen();
        const next = what.nodes.length === 1 ? Object.keys(store.draft.nodes).find((id) => Object.values(store.draft.wires[id] ?? {}).includes(what.nodes[0] ?? "")) : undefined;
        store.change(t.flows.did.remove, (flow) => commands.remove(flow, what));
        if (next !== undefined && Object.hasOwn(store.draft.nodes, next)) go(next);
      },
      duplicate: () => {
        const { nodes, notes } = chosen();
        if (nodes.length + notes.length === 0 || store.readOnly) return;
        const clip = copy(store.draft, nodes, notes);
        const corner = [...Object.values(clip.nodes), ...clip.notes];
        const place = { x: Math.min(...corner.map((each) => each.x)) + 2 * GRID, y: Math.min(...corner.map((each) => each.y)) + 2 * GRID };
        const pasted = paste(store.draft, clip, place);
        if (pasted === undefined) {
          say(t.flows.tooMany);
          return;
        }
        store.change(t.flows.did.duplicate, () => pasted.flow);
        store.select([...pasted.nodes, ...pasted.notes.map(noteKey)]);
      },
      tidy: () => {
        const { nodes } = chosen();
        const only = nodes.length > 1 ? new Set(nodes) : undefined;
        store.change(t.flows.did.tidy, (flow) => commands.move(flow, layout(flow, CATALOGUE.types, only)));
        if (only === undefined) requestAnimationFrame(() => requestAnimationFrame(() => fitTo([])));
      },
      fit: () => fitTo(chosen().nodes.length > 1 ? chosen().nodes : []),
      addNote: () => {
        const index = store.draft.notes.length;
        store.change(t.flows.did.note, (flow) => commands.addNote(flow, "", snap(middle())));
        store.select([noteKey(index)]);
        requestAnimationFrame(() => requestAnimationFrame(() => frame.current?.querySelector<HTMLElement>(".react-flow__node-note textarea")?.focus()));
      },
      writeNote: (index, text) => store.change(t.flows.did.note, (flow) => commands.setNote(flow, index, text), `note ${index}`),
      cut: (wire) => store.change(t.flows.did.unwire, (flow) => commands.unwire(flow, [wire])),
      lead: (from, to) => store.change(t.flows.did.wire, (flow) => commands.wire(flow, from, to)),
    };
  }, [store, wide, show, focusCanvas, middle, fitTo, say]);

  const panel = PANELS.find((each) => each.id === tab);
  const openPanel = useCallback(
    (id: string | undefined, what?: string) => {
      setArgument(what);
      void navigate({ search: (before) => withTab(before, id), replace: true });
    },
    [navigate],
  );

  const workshop = useMemo<Workshop>(() => ({ store, keeper, catalogue: CATALOGUE, words: SUMMARY_WORDS, nameOf, faults, act }), [store, keeper, nameOf, faults, act]);
  const editor = useMemo<Editor>(
    () => ({
      number: draft.number,
      document: shown,
      draft,
      types: CATALOGUE.types,
      selection: new Set([...selection].filter(isNode)),
      viewed,
      readOnly: viewed !== undefined,
      stored,
      highlight: store.highlight,
      select: (node) => store.select(node === undefined ? [] : [node]),
      fitTo,
      view: store.view,
      change: (what, edit) => store.change(what, edit),
      save: keeper.save,
      openPanel,
    }),
    [draft, shown, selection, viewed, stored, store, fitTo, keeper, openPanel],
  );

  const keys = useMemo<KeyActions>(
    () => ({
      find: () => setFinding(true),
      sheet: () => setSheet(true),
      list: () => setAsList((now) => !now),
      save: () => void keeper.save().then(() => say(t.flows.savedNow), () => undefined),
      add: () => {
        const after = spare(store);
        const card = after === undefined ? null : frame.current?.querySelector(`.react-flow__node[data-id="${CSS.escape(after.node)}"]`)?.getBoundingClientRect();
        const box = frame.current?.getBoundingClientRect();
        const at = card === null || card === undefined ? { x: (box?.left ?? 0) + (box?.width ?? 800) / 2 - 160, y: (box?.top ?? 0) + 80 } : { x: card.right + 16, y: card.top };
        setAdding({ at, ...(after === undefined ? {} : { from: after }) });
      },
      focusPanel: () => requestAnimationFrame(() => side.current?.querySelector<HTMLElement>("[data-first-field]")?.focus()),
      say,
      middle: () => snap(middle()),
    }),
    [keeper, say, store, middle],
  );
  useEditorKeys(workshop, keys);

  const alone = selection.size === 1 ? [...selection].find(isNode) : undefined;
  const many = [...selection].filter((each) => !isWire(each)).length > 1;
  const closeNode = () => {
    store.select(alone === undefined ? [] : wide ? [] : [alone], false);
    if (alone !== undefined) focusCanvas(alone);
  };
  const showSide = wide || (opened && alone !== undefined) || panel?.place === "side";

  return (
    <WorkshopProvider value={workshop}>
      <EditorContext value={editor}>
        <div ref={frame} data-own-keys data-editor className="fixed inset-0 z-40 flex flex-col bg-canvas">
          <TopBar
            asList={asList}
            onList={() => setAsList(!asList)}
            palette={palette}
            onPalette={() => setPalette(!palette)}
            panel={panel?.id}
            onPanel={(id) => openPanel(id === panel?.id ? undefined : id)}
            onFind={() => setFinding(!finding)}
            onSheet={() => setSheet(true)}
            onPublish={() => setPublishing(true)}
          />
          {viewed !== undefined && (
            <div className="flex items-center justify-between gap-3 border-b border-line bg-accent-soft px-4 py-1.5 text-accent" role="status">
              <span className="min-w-0 truncate font-medium">{viewed.title}</span>
              <Button onClick={() => store.view(undefined)}>{t.flows.backToDraft}</Button>
            </div>
          )}
          {save.is === "conflict" && later && (
            <div className="border-b border-line px-4 py-2">
              <Notice tone="bad">
                {t.flows.conflictTitle}{" "}
                <button type="button" className="font-medium underline" onClick={() => setLater(false)}>
                  {t.flows.decide}
                </button>
              </Notice>
            </div>
          )}
          {save.is === "refused" && (
            <div className="border-b border-line px-4 py-2">
              <Notice tone="bad" alert>
                {save.fault.errors[0]?.message ?? save.fault.detail}
              </Notice>
            </div>
          )}
          <div className="flex min-h-0 flex-1">
            {wide && palette && viewed === undefined && (
              <div className="w-56 shrink-0 border-r border-line bg-surface">
                <Palette />
              </div>
            )}
            <div className="relative flex min-w-0 flex-1 flex-col">
              {finding && <FindBox onClose={() => setFinding(false)} />}
              <div className="relative min-h-0 flex-1">
                {asList ? <ListView /> : <Canvas map={wide && Object.keys(shown.nodes).length > 3} />}
                {!asList && Object.keys(shown.nodes).length === 0 && <EmptyHint />}
              </div>
              {panel?.place === "below" && (
                <div className="max-h-[45%] shrink-0 overflow-auto border-t border-line bg-surface">
                  <PanelFrame panel={panel} argument={argument} onClose={() => openPanel(undefined)} />
                </div>
              )}
            </div>
            {showSide && (
              <aside ref={side} aria-label={t.flows.side} className={wide ? "w-[22.5rem] shrink-0 overflow-hidden border-l border-line bg-surface" : "slide-in fixed inset-0 z-40 overflow-y-auto bg-surface"}>
                {panel?.place === "side" ? (
                  <PanelFrame panel={panel} argument={argument} onClose={() => openPanel(undefined)} />
                ) : alone !== undefined ? (
                  <NodePanel key={alone} id={alone} onClose={closeNode} />
                ) : many ? (
                  <SelectionPanel />
                ) : (
                  <FlowPanel />
                )}
              </aside>
            )}
          </div>
        </div>
        {adding !== undefined && <AddMenu request={adding} onClose={() => setAdding(undefined)} />}
        {sheet && <ShortcutSheet onClose={() => setSheet(false)} />}
        {publishing && <PublishDialog onClose={() => setPublishing(false)} />}
        {save.is === "conflict" && !later && <ConflictDialog conflict={save} onClose={() => setLater(true)} />}
      </EditorContext>
    </WorkshopProvider>
  );
}

function PanelFrame({ panel, argument, onClose }: { readonly panel: EditorPanel; readonly argument: string | undefined; readonly onClose: () => void }) {
  return (
    <Suspense fallback={<Skeleton rows={5} />}>
      <panel.Panel argument={argument} onClose={onClose} />
    </Suspense>
  );
}

function EmptyHint() {
  return (
    <div className="pointer-events-none absolute inset-0 flex items-center justify-center px-6">
      <div className="max-w-sm text-center">
        <p className="text-lead font-medium">{t.flows.emptyTitle}</p>
        <p className="mt-1 text-pretty text-soft">{t.flows.emptyHelp}</p>
      </div>
    </div>
  );
}

/** The first exit of the chosen node that leads nowhere and ought to. */
function spare(store: EditorStore): commands.Source | undefined {
  const chosen = [...store.get().selection].filter(isNode);
  const [id] = chosen;
  const node = id === undefined || chosen.length > 1 ? undefined : store.draft.nodes[id];
  if (id === undefined || node === undefined) return undefined;
  const exits = exitsOfNode(CATALOGUE.types, node).filter((exit) => targetOf(store.draft, id, exit.name) === undefined);
  const exit = exits.find((each) => !each.optional) ?? exits.find((each) => each.name !== "failed");
  return exit === undefined ? undefined : { node: id, exit: exit.name };
}

const snap = ({ x, y }: { readonly x: number; readonly y: number }) => ({ x: Math.round(x / GRID) * GRID, y: Math.round(y / GRID) * GRID });
const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

interface TabSearch {
  readonly tab?: string;
}

function withTab<T extends TabSearch>(search: T, id: string | undefined): Omit<T, "tab"> & TabSearch {
  const rest = Object.fromEntries(Object.entries(search).filter(([name]) => name !== "tab")) as Omit<T, "tab">;
  return id === undefined ? rest : { ...rest, tab: id };
}

