/** The canvas: cards that are moved, wired and chosen. What is drawn comes from the document; a drag ends in one change. */
import {
  Background,
  ConnectionMode,
  MiniMap,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  type FinalConnectionState,
  type NodeChange,
  type ReactFlowInstance,
} from "@xyflow/react";
import { useCallback, useMemo, useRef, useState, type DragEvent } from "react";
import { move } from "../../flow/commands.ts";
import { GRID } from "../../flow/geometry.ts";
import { t } from "../../text/index.ts";
import "./canvas.css";
import { CardMaker, merged, type CanvasNode } from "./cards.ts";
import { useEditorState, useWorkshop } from "./context.ts";
import { NodeCard, NoteCard } from "./NodeCard.tsx";
import { isNode, noteIndex } from "./store.ts";
import { Pointing, wireAt, Wires } from "./Wires.tsx";

const NODE_TYPES = { card: NodeCard, note: NoteCard };
const SNAP: [number, number] = [GRID, GRID];
const PRO = { hideAttribution: true };
/** Farther away than this only large titles can be read, so only they are drawn; and still farther only signs. */
const FAR = 0.45;
const FARTHEST = 0.22;
/** From so many on, only what is in sight is drawn. Few are all there, so that Tab comes to each of them. */
const MANY = 80;
const MARGIN = 60;
/** How near to a wire counts as on it, for a mouse and for a finger. */
const POINTED = 10;
const TOUCHED = 20;
/** Smaller than this nobody can read a card. */
const READABLE = 0.7;
/** What the palette drags. */
export const DRAGGED = "application/x-bellwire-node";

type Places = Readonly<Record<string, { readonly x: number; readonly y: number }>>;
const NOWHERE: Places = {};

export function Canvas({ map }: { readonly map: boolean }) {
  const { store, catalogue, words, nameOf, faults, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const readOnly = useEditorState(store, (state) => state.viewed !== undefined);
  const selection = useEditorState(store, (state) => state.selection);
  const sources = useEditorState(store, (state) => state.marks);
  const marks = useMemo(() => merged(sources), [sources]);
  const { screenToFlowPosition, getZoom } = useReactFlow();
  const [maker] = useState(() => new CardMaker());
  const [dragged, setDragged] = useState<Places>(NOWHERE);
  const frame = useRef<HTMLDivElement>(null);
  const coarse = useMemo(() => window.matchMedia("(pointer: coarse)").matches, []);

  const drawn = useMemo(
    () => ({ flow, types: catalogue.types, words, nameOf, faults: readOnly ? [] : faults, marks, selection }),
    [flow, catalogue, words, nameOf, faults, readOnly, marks, selection],
  );
  const nodes = useMemo(() => {
    const all = maker.nodes(drawn, dragged);
    // A finger scrolls over cards; it moves only the ones that were chosen before.
    return coarse && !readOnly ? all.map((each) => (each.selected === true ? { ...each, draggable: true } : each)) : all;
  }, [maker, drawn, dragged, coarse, readOnly]);
  const wires = useMemo(() => maker.wires(drawn, nodes), [maker, drawn, nodes]);
  const [pointing] = useState(() => new Pointing());
  const reach = coarse ? TOUCHED : POINTED;
  /** The wire under the pointer. */
  const under = useCallback(
    (at: { readonly clientX: number; readonly clientY: number }) =>
      wireAt(wires, screenToFlowPosition({ x: at.clientX, y: at.clientY }, { snapToGrid: false }), reach / getZoom()),
    [wires, screenToFlowPosition, getZoom, reach],
  );

  const point = (wire: string | undefined) => {
    pointing.at(wire);
    frame.current?.toggleAttribute("data-on-wire", wire !== undefined);
  };

  const onNodesChange = useCallback(
    (changes: NodeChange<CanvasNode>[]) => {
      let places: Record<string, { x: number; y: number }> | undefined;
      const chosen = new Set(store.get().selection);
      for (const change of changes) {
        if (change.type === "position" && change.position !== undefined) (places ??= {})[change.id] = change.position;
        else if (change.type === "select") choose(chosen, change);
        else if (change.type === "dimensions" && change.dimensions !== undefined && noteIndex(change.id) !== undefined) maker.measured(change.id, change.dimensions);
      }
      const { selection: now } = store.get();
      if (chosen.size !== now.size || [...chosen].some((each) => !now.has(each))) store.select(chosen);
      if (places !== undefined) {
        const all = places;
        setDragged((before) => ({ ...before, ...all }));
      }
    },
    [store, maker],
  );

  /** Where everything lies after a drag, as one step. */
  const dropped = useCallback(
    (_: unknown, __: unknown, moved: readonly CanvasNode[]) => {
      setDragged(NOWHERE);
      const places = Object.fromEntries(moved.filter(({ id }) => isNode(id)).map(({ id, position }) => [id, position]));
      const notes: Record<number, { x: number; y: number }> = {};
      for (const { id, position } of moved) {
        const index = noteIndex(id);
        if (index !== undefined) notes[index] = position;
      }
      store.change(t.flows.did.move(moved.length), (now) => move(now, places, notes));
    },
    [store],
  );

  /** Everything, where that can be read; else where calls begin. */
  const begin = useCallback(
    (view: ReactFlowInstance<CanvasNode>) => {
      const box = document.querySelector(".react-flow")?.getBoundingClientRect();
      const all = view.getNodesBounds(view.getNodes());
      if (box === undefined || view.getNodes().length === 0) return;
      const zoom = Math.min(1, (box.width - 2 * MARGIN) / all.width, (box.height - 2 * MARGIN) / all.height);
      if (zoom >= READABLE) {
        void view.setViewport({ x: (box.width - all.width * zoom) / 2 - all.x * zoom, y: (box.height - all.height * zoom) / 2 - all.y * zoom, zoom });
        return;
      }
      const { entry, nodes: drawnNodes } = store.shown;
      const first = entry === null ? all : (drawnNodes[entry] ?? all);
      void view.setViewport({ x: MARGIN - first.x * READABLE, y: box.height * 0.4 - first.y * READABLE, zoom: READABLE });
    },
    [store],
  );

  const connectEnd = useCallback(
    (event: MouseEvent | TouchEvent, state: FinalConnectionState) => {
      frame.current?.classList.remove("is-connecting");
      const { fromNode, fromHandle } = state;
      if (fromNode === null || fromHandle.type !== "source" || typeof fromHandle.id !== "string") return;
      const from = { node: fromNode.id, exit: fromHandle.id };
      const at = pointOf(event);
      // Anywhere on a card will do, not only its handle.
      const over = document.elementFromPoint(at.x, at.y);
      const to = state.toNode?.id ?? over?.closest<HTMLElement>(".react-flow__node-card")?.dataset["id"];
      if (to !== undefined) act.lead(from, to);
      else if (over?.matches(".react-flow__pane, .react-flow__pane *") === true) act.askAdd({ at, from, place: screenToFlowPosition(at) });
    },
    [act, screenToFlowPosition],
  );

  const drop = useCallback(
    (event: DragEvent) => {
      const type = event.dataTransfer.getData(DRAGGED);
      if (type === "") return;
      event.preventDefault();
      const at = { x: event.clientX, y: event.clientY };
      const on = under(event);
      const place = screenToFlowPosition({ x: at.x - 40, y: at.y - 24 });
      act.add(type, on === undefined ? { place } : { place, on });
    },
    [act, screenToFlowPosition, under],
  );

  return (
    <ReactFlow<CanvasNode>
      nodes={nodes}
      nodeTypes={NODE_TYPES}
      onNodesChange={onNodesChange}
      onNodeDragStop={dropped}
      onSelectionDragStop={(event, moved) => dropped(event, undefined, moved)}
      onNodeClick={(event, node) => {
        if (!several(event) && isNode(node.id)) store.select([node.id], true);
      }}
      onPaneMouseMove={(event) => point(under(event))}
      onPaneMouseLeave={() => point(undefined)}
      onPaneClick={(event) => {
        const wire = under(event);
        if (wire === undefined) store.select([]);
        else store.select(several(event) ? toggled(store.get().selection, wire) : [wire]);
      }}
      onDoubleClick={(event) => {
        if ((event.target as Element).closest(".react-flow__pane") === null || readOnly) return;
        const at = { x: event.clientX, y: event.clientY };
        const on = under(event);
        act.askAdd(on === undefined ? { at, place: screenToFlowPosition(at) } : { at, on });
      }}
      onConnectStart={() => frame.current?.classList.add("is-connecting")}
      onConnectEnd={connectEnd}
      onMove={(_, { zoom }) => {
        // Not at its start: a press that does not move is a click.
        frame.current?.classList.add("is-moving");
        frame.current?.classList.toggle("is-far", zoom < FAR);
        frame.current?.classList.toggle("is-farthest", zoom < FARTHEST);
      }}
      onMoveEnd={() => frame.current?.classList.remove("is-moving")}
      ref={frame}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(DRAGGED)) event.preventDefault();
      }}
      onDrop={drop}
      connectionMode={ConnectionMode.Strict}
      connectionRadius={32}
      selectionMode={SelectionMode.Partial}
      panOnDrag
      panOnScroll={!coarse}
      zoomOnDoubleClick={false}
      minZoom={0.15}
      maxZoom={2}
      snapToGrid
      snapGrid={SNAP}
      nodeDragThreshold={coarse ? 10 : 3}
      nodeClickDistance={coarse ? 10 : 3}
      nodesDraggable={!readOnly && !coarse}
      nodesConnectable={!readOnly}
      disableKeyboardA11y
      deleteKeyCode={null}
      selectionKeyCode="Shift"
      multiSelectionKeyCode={MULTI}
      elevateNodesOnSelect
      onlyRenderVisibleElements={nodes.length > MANY}
      onInit={begin}
      proOptions={PRO}
      ariaLabelConfig={{ "node.a11yDescription.default": "" }}
    >
      <Wires lines={wires} pointing={pointing} />
      <Background gap={GRID} size={1.5} />
      {map && <MiniMap pannable zoomable ariaLabel={t.flows.minimap} nodeBorderRadius={8} style={MAP} />}
    </ReactFlow>
  );
}

const MULTI = ["Meta", "Control", "Shift"];
const MAP = { width: 160, height: 110 };

/** One more, or one less, is chosen. */
const several = (event: { readonly shiftKey: boolean; readonly ctrlKey: boolean; readonly metaKey: boolean }) => event.shiftKey || event.ctrlKey || event.metaKey;

function toggled(selection: ReadonlySet<string>, thing: string): ReadonlySet<string> {
  const next = new Set(selection);
  if (!next.delete(thing)) next.add(thing);
  return next;
}

function choose(chosen: Set<string>, { id, selected }: { readonly id: string; readonly selected: boolean }): void {
  if (selected) chosen.add(id);
  else chosen.delete(id);
}

function pointOf(event: MouseEvent | TouchEvent): { readonly x: number; readonly y: number } {
  const touch = "changedTouches" in event ? event.changedTouches[0] : event;
  return { x: touch?.clientX ?? 0, y: touch?.clientY ?? 0 };
}
