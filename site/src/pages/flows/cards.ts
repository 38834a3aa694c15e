/** What is drawn of a flow: a card for each node, a line for each wire. Kept as long as nothing of it has changed. */
import type { Node } from "@xyflow/react";
import type { Highlight, Mark } from "../../flow/editor.ts";
import { exitsOfNode, type Exit } from "../../flow/exits.ts";
import { ENTRY_Y, handleY, heightOf, shownExits, WIDTH } from "../../flow/geometry.ts";
import { inOrder, wiresOf } from "../../flow/graph.ts";
import { summaryOf, titleOf, type NameOf, type SummaryWords } from "../../flow/summary.ts";
import { runOf, type Box, type Run } from "../../flow/wirePath.ts";
import { END, own, wireKey, type Fault, type Flow, type FlowNode, type NodeType } from "../../flow/types.ts";
import { noteKey, type Thing } from "./store.ts";

export interface Row {
  readonly exit: Exit;
  readonly label: string;
  /** `missing`: has to be wired and is not. */
  readonly state: "wired" | "ends" | "loose" | "missing";
  readonly mark: Mark | undefined;
}

export interface CardData extends Record<string, unknown> {
  readonly type: string;
  readonly title: string;
  readonly typeTitle: string;
  readonly summary: string;
  readonly rows: readonly Row[];
  readonly entry: boolean;
  readonly wrong: number;
  readonly warned: number;
  readonly mark: Mark | undefined;
  readonly dim: boolean;
}

export interface NoteData extends Record<string, unknown> {
  readonly text: string;
  readonly index: number;
}

export type CardNode = Node<CardData, "card">;
export type NoteNode = Node<NoteData, "note">;
export type CanvasNode = CardNode | NoteNode;
export interface WireLine {
  readonly key: string;
  readonly label: string;
  readonly mark: Mark | undefined;
  readonly dim: boolean;
  readonly selected: boolean;
  readonly run: Run;
}

export const NOTE_WIDTH = 200;

export interface Drawn {
  readonly flow: Flow;
  readonly types: ReadonlyMap<string, NodeType>;
  readonly words: SummaryWords;
  readonly nameOf: NameOf;
  readonly faults: readonly Fault[];
  readonly marks: Highlight;
  readonly selection: ReadonlySet<Thing>;
}

/** Marks of all sources, the later over the earlier. */
export function merged(marks: ReadonlyMap<string, Highlight>): Highlight {
  const all = [...marks.values()];
  return {
    nodes: Object.assign({}, ...all.map((each) => each.nodes)) as Highlight["nodes"],
    wires: Object.assign({}, ...all.map((each) => each.wires)) as Highlight["wires"],
    dim: all.some((each) => each.dim === true),
  };
}

/** Makes cards, and gives the very same card again where nothing about it has changed. */
export class CardMaker {
  private cards = new Map<string, { readonly made: CardNode; readonly of: readonly unknown[] }>();
  private notes = new Map<string, NoteNode>();
  private lines = new Map<string, { readonly made: WireLine; readonly of: readonly unknown[] }>();
  private boxes: { readonly of: readonly unknown[]; readonly boxes: readonly Box[] } = { of: [], boxes: [] };
  private order: { readonly of: readonly unknown[]; readonly ids: readonly string[] } = { of: [], ids: [] };

  nodes(drawn: Drawn, at: Readonly<Record<string, { readonly x: number; readonly y: number }>>): CanvasNode[] {
    const { flow, types, selection } = drawn;
    const counts = countFaults(drawn.faults);
    const alone = selection.size === 1 ? [...selection][0] : undefined;
    const cards = this.inOrder(flow, types).flatMap((id) => {
      const node = flow.nodes[id];
      return node === undefined ? [] : [this.card(drawn, id, node, counts.get(id) ?? NONE, id === alone, at[id])];
    });
    const notes = flow.notes.map((note, index) => this.note(noteKey(index), index, note, selection, at[noteKey(index)]));
    return [...cards, ...notes];
  }

  /** Tab goes the way calls do. */
  private inOrder(flow: Flow, types: Drawn["types"]): readonly string[] {
    const of = [flow.wires, flow.entry, flow.nodes];
    if (!same(of, this.order.of)) {
      const exits = (id: string) => exitsOfNode(types, flow.nodes[id] ?? NOBODY);
      this.order = { of, ids: inOrder(flow, exits) };
    }
    return this.order.ids;
  }

  private card(drawn: Drawn, id: string, node: FlowNode, count: Count, open: boolean, at: { readonly x: number; readonly y: number } | undefined): CardNode {
    const { flow, types, words, nameOf, marks, selection } = drawn;
    const wires = own(flow.wires, id) ?? NO_WIRES;
    const mark = own(marks.nodes, id);
    const rowMarks = wireMarks(marks, id);
    const { x, y } = at ?? node;
    const selected = selection.has(id);
    const of = [node.type, node.name, node.parameters, wires, count.wrong, count.warned, open, selected, mark, rowMarks, marks.dim, flow.entry === id, nameOf, words, x, y];
    const kept = this.cards.get(id);
    if (kept !== undefined && same(kept.of, of)) return kept.made;

    const type = types.get(node.type);
    const exits = shownExits(exitsOfNode(types, node), wires, open);
    const data: CardData = {
      type: node.type,
      title: titleOf(node, type, words),
      typeTitle: type === undefined ? node.type : words.schema(type.title),
      summary: summaryOf(node, type, words, nameOf),
      rows: exits.map((exit) => ({ exit, label: words.schema(exit.title) || exit.name, state: stateOf(exit, own(wires, exit.name)), mark: own(marks.wires, wireKey(id, exit.name)) })),
      entry: flow.entry === id,
      wrong: count.wrong,
      warned: count.warned,
      mark,
      dim: marks.dim === true && mark === undefined,
    };
    // What is drawn is the same while only its place has changed.
    const unmoved = kept !== undefined && same(kept.of.slice(0, -2), of.slice(0, -2));
    const height = heightOf(exits.length);
    const made: CardNode = {
      id,
      type: "card",
      position: { x, y },
      data: unmoved ? kept.made.data : data,
      selected,
      width: WIDTH,
      height,
      measured: { width: WIDTH, height },
      handles: unmoved && kept.made.handles !== undefined ? kept.made.handles : handlesOf(exits),
      ariaLabel: `${data.title}, ${data.typeTitle}`,
    };
    this.cards.set(id, { made, of });
    return made;
  }

  private note(id: string, index: number, note: Flow["notes"][number], selection: ReadonlySet<Thing>, at: { readonly x: number; readonly y: number } | undefined): NoteNode {
    const { x, y } = at ?? note;
    const selected = selection.has(id);
    const kept = this.notes.get(id);
    if (kept?.data.text === note.text && kept.position.x === x && kept.position.y === y && kept.selected === selected) return kept;
    const data = kept?.data.text === note.text ? kept.data : { text: note.text, index };
    const made: NoteNode = { ...(kept?.measured === undefined ? {} : { measured: kept.measured }), id, type: "note", position: { x, y }, data, selected, width: NOTE_WIDTH, zIndex: -1 };
    this.notes.set(id, made);
    return made;
  }

  /** A note is as high as its text. */
  measured(id: string, size: { readonly width: number; readonly height: number }): void {
    const kept = this.notes.get(id);
    if (kept !== undefined) this.notes.set(id, { ...kept, measured: size });
  }

  /** `nodes` are the cards as they lie now, also in the middle of a drag. */
  wires({ flow, marks, selection }: Drawn, nodes: readonly CanvasNode[]): WireLine[] {
    const cards = new Map(nodes.flatMap((node) => (node.type === "card" ? [[node.id, node] as const] : [])));
    const boxes = this.boxesOf(flow, nodes);
    return wiresOf(flow).flatMap(({ key, from, exit, to }) => {
      const [source, target] = [cards.get(from), cards.get(to)];
      if (source === undefined || target === undefined) return [];
      const row = source.data.rows.findIndex((each) => each.exit.name === exit);
      const drawn = source.data.rows[row];
      if (drawn === undefined) return [];
      const start = { x: source.position.x + WIDTH, y: source.position.y + handleY(row) };
      const end = { x: target.position.x, y: target.position.y + ENTRY_Y };
      const mark = own(marks.wires, key);
      const of = [start.x, start.y, end.x, end.y, boxes, drawn.label, mark, marks.dim, selection.has(key)];
      const kept = this.lines.get(key);
      if (kept !== undefined && same(kept.of, of)) return [kept.made];
      const stays = kept !== undefined && same(kept.of.slice(0, 5), of.slice(0, 5));
      const run = stays ? kept.made.run : runOf(start, end, boxes, (row % 4) * LANE);
      const made: WireLine = { key, label: drawn.label, mark, dim: marks.dim === true && mark === undefined, selected: selection.has(key), run };
      this.lines.set(key, { made, of });
      return [made];
    });
  }

  /** What wires run around: the cards as the document has them, so that a drag does not lay all wires anew. */
  private boxesOf(flow: Flow, nodes: readonly CanvasNode[]): readonly Box[] {
    const heights = nodes.map((node) => node.height ?? 0);
    const of = [flow.nodes, ...heights];
    if (!same(of, this.boxes.of)) {
      const boxes = nodes.flatMap((node, index) => {
        const at = own(flow.nodes, node.id);
        return at === undefined ? [] : [{ x: at.x, y: at.y, width: WIDTH, height: heights[index] ?? 0 }];
      });
      this.boxes = { of, boxes };
    }
    return this.boxes.boxes;
  }
}

/** How far apart wires lie that run back from one card. */
const LANE = 6;
const NOBODY: FlowNode = { type: "", name: "", parameters: {}, x: 0, y: 0 };
const NO_WIRES: Readonly<Record<string, string>> = {};
interface Count {
  readonly wrong: number;
  readonly warned: number;
}
const NONE: Count = { wrong: 0, warned: 0 };

function countFaults(faults: readonly Fault[]): ReadonlyMap<string, Count> {
  const counts = new Map<string, Count>();
  for (const { node, warning } of faults) {
    if (node === null) continue;
    const { wrong, warned } = counts.get(node) ?? NONE;
    counts.set(node, warning ? { wrong, warned: warned + 1 } : { wrong: wrong + 1, warned });
  }
  return counts;
}

/** The marks of a node's exits as one text: equal when they say the same. */
function wireMarks(marks: Highlight, id: string): string {
  const start = wireKey(id, "");
  return Object.entries(marks.wires)
    .filter(([key]) => key.startsWith(start))
    .map(([key, mark]) => `${key} ${mark.tone} ${mark.count ?? ""} ${mark.label ?? ""}`)
    .join("\n");
}

function stateOf(exit: Exit, target: string | undefined): Row["state"] {
  if (target === undefined) return exit.optional ? "loose" : "missing";
  return target === END ? "ends" : "wired";
}

function handlesOf(exits: readonly Exit[]): NonNullable<CardNode["handles"]> {
  const size = { width: 12, height: 12 };
  return [
    { id: "in", type: "target", position: "left" as never, x: -6, y: ENTRY_Y - 6, ...size },
    ...exits.map((exit, row) => ({ id: exit.name, type: "source" as const, position: "right" as never, x: WIDTH - 6, y: handleY(row) - 6, ...size })),
  ];
}

function same(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((each, index) => Object.is(each, b[index]));
}
