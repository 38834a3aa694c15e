/** A menu at the pointer that finds a node type by typing; while wiring also the nodes that are there, and the end. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { fold } from "../../flow/search.ts";
import { firstSentence, titleOf } from "../../flow/summary.ts";
import { END } from "../../flow/types.ts";
import { t } from "../../text/index.ts";
import { useWorkshop, type AddRequest } from "./context.ts";
import { FlowIcon } from "./icons.tsx";

interface Item {
  readonly id: string;
  readonly icon: string;
  readonly title: string;
  readonly help: string;
  readonly group: string;
  readonly run: () => void;
}

const WIDE = 320;
const HIGH = 380;

export function AddMenu({ request, onClose }: { readonly request: AddRequest; readonly onClose: () => void }) {
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLUListElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const all = useItems(request);
  const items = useMemo(() => {
    const words = fold(query).split(/\s+/).filter((each) => each !== "");
    const found = all.filter((item) => words.every((word) => fold(`${item.title} ${item.help} ${item.group}`).includes(word)));
    if (words.length === 0) return found;
    const first = (item: Item) => (fold(item.title).startsWith(words[0] ?? "") ? 0 : fold(item.title).includes(words[0] ?? "") ? 1 : 2);
    return found.toSorted((a, b) => first(a) - first(b));
  }, [all, query]);

  useEffect(() => {
    list.current?.querySelector(`[data-index="${chosen}"]`)?.scrollIntoView({ block: "nearest" });
  }, [chosen, items]);
  useEffect(() => {
    const away = (event: PointerEvent) => {
      if (box.current?.contains(event.target as Node) !== true) onClose();
    };
    document.addEventListener("pointerdown", away, true);
    return () => document.removeEventListener("pointerdown", away, true);
  }, [onClose]);

  const run = (item: Item | undefined) => {
    if (item === undefined) return;
    onClose();
    item.run();
  };
  const left = Math.max(8, Math.min(request.at.x, window.innerWidth - WIDE - 8));
  const top = Math.max(8, Math.min(request.at.y, window.innerHeight - HIGH - 8));

  return (
    <div ref={box} role="dialog" aria-label={t.flows.addTitle} className="fade-in fixed z-50 flex flex-col overflow-hidden rounded-2xl border border-line bg-surface shadow-float" style={{ left, top, width: WIDE, maxHeight: HIGH }}>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={items[chosen] === undefined ? undefined : `${id}-${chosen}`}
        aria-label={t.flows.addSearch}
        placeholder={request.from === undefined ? t.flows.addSearch : t.flows.wireTo}
        value={query}
        className="m-2 min-h-10 rounded-lg border border-line-strong/60 bg-surface px-3 outline-offset-0 placeholder:text-faint"
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setChosen((now) => Math.min(items.length - 1, now + 1));
          else if (event.key === "ArrowUp") setChosen((now) => Math.max(0, now - 1));
          else if (event.key === "Enter") run(items[chosen]);
          else if (event.key === "Escape") onClose();
          else if (event.key === "Tab") onClose();
          else return;
          if (event.key !== "Tab") event.preventDefault();
          event.stopPropagation();
        }}
      />
      <ul ref={list} id={`${id}-list`} role="listbox" aria-label={t.flows.addTitle} className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {items.length === 0 && <li className="px-3 py-4 text-soft">{t.flows.nothingFound(query)}</li>}
        {items.map((item, index) => (
          <li
            key={item.id}
            id={`${id}-${index}`}
            data-index={index}
            role="option"
            aria-selected={index === chosen}
            onPointerEnter={() => setChosen(index)}
            onClick={() => run(item)}
            className={`flex cursor-pointer items-center gap-3 rounded-lg px-2 py-1.5 ${index === chosen ? "bg-accent-soft" : ""}`}
          >
            <span className="flex size-8 shrink-0 items-center justify-center rounded-md bg-sunken text-soft">
              <FlowIcon name={item.icon} className="size-4.5" />
            </span>
            <span className="min-w-0">
              <span className="block truncate font-medium">{item.title}</span>
              <span className="block truncate text-label text-soft">{item.help}</span>
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function useItems(request: AddRequest): readonly Item[] {
  const { catalogue, words, store, act } = useWorkshop();
  return useMemo(() => {
    const { from, on } = request;
    const types = catalogue.groups.flatMap((group) =>
      group.types.map((type) => ({
        id: `type ${type.type}`,
        icon: type.type,
        title: words.schema(type.title),
        help: words.schema(firstSentence(type.description)),
        group: words.schema(group.title),
        run: () => act.add(type.type, request),
      })),
    );
    if (from === undefined || on !== undefined) return types.filter((each) => on === undefined || each.icon !== "inbound_number");
    const flow = store.shown;
    const there = Object.entries(flow.nodes).map(([id, node]) => ({
      id: `node ${id}`,
      icon: node.type,
      title: titleOf(node, catalogue.types.get(node.type), words),
      help: t.flows.alreadyThere,
      group: "",
      run: () => act.lead(from, id),
    }));
    const end = { id: "end", icon: "end", title: t.flows.endCall, help: t.flows.endCallHelp, group: "", run: () => act.lead(from, END) };
    return [...types.filter((each) => each.icon !== "inbound_number"), end, ...there];
  }, [catalogue, words, store, act, request]);
}
