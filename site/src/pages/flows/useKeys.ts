/** The editor's keys, its clipboard, and what the arrows do. They belong to the canvas, not to what is typed into. */
import { useEffect } from "react";
import * as commands from "../../flow/commands.ts";
import { exitsOfNode } from "../../flow/exits.ts";
import { GRID } from "../../flow/geometry.ts";
import { neighbour, type Direction } from "../../flow/navigate.ts";
import { copy, formatClip, parseClip, paste } from "../../flow/transfer.ts";
import { t } from "../../text/index.ts";
import type { Workshop } from "./context.ts";
import { isNode, noteIndex, noteKey, type EditorStore } from "./store.ts";

export interface KeyActions {
  readonly find: () => void;
  readonly sheet: () => void;
  readonly list: () => void;
  readonly save: () => void;
  /** A menu for a new node at what is selected. */
  readonly add: () => void;
  readonly focusPanel: () => void;
  readonly say: (text: string) => void;
  readonly middle: () => { readonly x: number; readonly y: number };
}

const ARROWS: Readonly<Record<string, Direction>> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };

export function useEditorKeys(workshop: Workshop, actions: KeyActions): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]") !== null || isTyping(event.target)) return;
      if (handle(event, workshop, actions)) {
        event.preventDefault();
        event.stopImmediatePropagation();
      }
    };
    // Before the keys of the pages, which mean other things by the same letters.
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [workshop, actions]);
  useClipboard(workshop, actions);
}

function handle(event: KeyboardEvent, { store, catalogue, act }: Workshop, actions: KeyActions): boolean {
  const { key } = event;
  const command = (event.ctrlKey || event.metaKey) && !event.altKey;
  if (command) return withCommand(event, store, act, actions);
  const direction = ARROWS[key];
  if (direction !== undefined) {
    if (onControl(event.target)) return false;
    if (event.altKey) return nudge(store, direction);
    const from = [...store.get().selection].find(isNode) ?? store.shown.entry;
    const exits = (id: string) => exitsOfNode(catalogue.types, store.shown.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 });
    const to = from === null || store.get().selection.size === 0 ? (from ?? undefined) : neighbour(store.shown, from, direction, exits);
    if (to !== undefined) act.go(to);
    return true;
  }
  if (event.altKey) return false;
  switch (key) {
    case "Enter": {
      const node = [...store.get().selection].find(isNode);
      if (node === undefined || onControl(event.target)) return false;
      act.open(node);
      actions.focusPanel();
      return true;
    }
    case "Delete":
    case "Backspace":
      act.remove();
      return true;
    case "Escape":
      store.select([]);
      return true;
    case "?":
      actions.sheet();
      return true;
    case "f":
      act.fit();
      return true;
    case "l":
      act.tidy();
      return true;
    case "n":
    case "+":
      actions.add();
      return true;
    case "t":
      act.addNote();
      return true;
    case "v":
      actions.list();
      return true;
    default:
      return false;
  }
}

function withCommand(event: KeyboardEvent, store: EditorStore, act: Workshop["act"], actions: KeyActions): boolean {
  const told = (words: string | undefined, say: (what: string) => string) => {
    if (words !== undefined) actions.say(say(words));
    return true;
  };
  switch (event.key.toLowerCase()) {
    case "z":
      return event.shiftKey ? told(store.redo(), t.flows.redid) : told(store.undo(), t.flows.undid);
    case "y":
      return told(store.redo(), t.flows.redid);
    case "d":
      act.duplicate();
      return true;
    case "a":
      store.select([...Object.keys(store.shown.nodes), ...store.shown.notes.map((_, index) => noteKey(index))]);
      return true;
    case "f":
      actions.find();
      return true;
    case "s":
      actions.save();
      return true;
    default:
      return false;
  }
}

function nudge(store: EditorStore, direction: Direction): boolean {
  const way = { left: [-GRID, 0], right: [GRID, 0], up: [0, -GRID], down: [0, GRID] } as const;
  const [dx, dy] = way[direction];
  const { nodes } = store.draft;
  const places = Object.fromEntries(
    [...store.get().selection].flatMap((id) => {
      const node = nodes[id];
      return node === undefined ? [] : [[id, { x: node.x + dx, y: node.y + dy }]];
    }),
  );
  store.change(t.flows.did.move(Object.keys(places).length), (flow) => commands.move(flow, places), "nudge");
  return true;
}

/** The browser's own copy and paste: across flows, tabs and nodes, without asking for a permission. */
function useClipboard(workshop: Workshop, { say, middle }: KeyActions): void {
  useEffect(() => {
    const { store } = workshop;
    const ours = (event: ClipboardEvent) => document.querySelector("dialog[open]") === null && !isTyping(event.target) && (window.getSelection()?.toString() ?? "") === "";
    const onCopy = (event: ClipboardEvent) => {
      if (!ours(event)) return;
      const { selection } = store.get();
      const nodes = [...selection].filter(isNode);
      const notes = [...selection].flatMap((each) => noteIndex(each) ?? []);
      if (nodes.length + notes.length === 0) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", formatClip(copy(store.shown, nodes, notes)));
      if (event.type === "cut") store.change(t.flows.did.remove, (flow) => commands.remove(flow, { nodes, notes }));
      say(t.flows.copied(nodes.length + notes.length));
    };
    const onPaste = (event: ClipboardEvent) => {
      if (!ours(event) || store.readOnly) return;
      const clip = parseClip(event.clipboardData?.getData("text/plain") ?? "");
      if (clip === undefined) {
        say(t.flows.nothingToPaste);
        return;
      }
      event.preventDefault();
      pasteInto(store, clip, middle(), say);
    };
    document.addEventListener("copy", onCopy);
    document.addEventListener("cut", onCopy);
    document.addEventListener("paste", onPaste);
    return () => {
      document.removeEventListener("copy", onCopy);
      document.removeEventListener("cut", onCopy);
      document.removeEventListener("paste", onPaste);
    };
  }, [workshop, say, middle]);
}

export function pasteInto(store: EditorStore, clip: Parameters<typeof paste>[1], point: { readonly x: number; readonly y: number }, say: (text: string) => void): void {
  const pasted = paste(store.draft, clip, point);
  if (pasted === undefined) {
    say(t.flows.tooMany);
    return;
  }
  store.change(t.flows.did.paste(pasted.nodes.length + pasted.notes.length), () => pasted.flow);
  store.select([...pasted.nodes, ...pasted.notes.map(noteKey)]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** A button or link has its own Enter and arrows; a card has none. */
function onControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, [role=option], [role=switch], [role=menu]") !== null;
}
