/** The node types by group: dragged onto the canvas, or added with Enter or a click. */
import { useMemo, useState } from "react";
import { fold } from "../../flow/search.ts";
import { firstSentence } from "../../flow/summary.ts";
import type { NodeType } from "../../flow/types.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { DRAGGED } from "./Canvas.tsx";
import { useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";

export function Palette() {
  const { catalogue, words, act } = useWorkshop();
  const [query, setQuery] = useState("");
  const groups = useMemo(() => {
    const wanted = fold(query).split(/\s+/).filter((each) => each !== "");
    const fits = (type: NodeType, group: string) => {
      const all = fold(`${words.schema(type.title)} ${words.schema(firstSentence(type.description))} ${group} ${type.title}`);
      return wanted.every((word) => all.includes(word));
    };
    return catalogue.groups
      .map((group) => ({ ...group, types: group.types.filter((type) => fits(type, words.schema(group.title))) }))
      .filter((group) => group.types.length > 0);
  }, [catalogue, words, query]);

  return (
    <nav aria-label={t.flows.palette} className="flex h-full flex-col">
      <div className="relative p-3 pb-2">
        <Icon name="search" className="pointer-events-none absolute top-1/2 left-6 mt-0.5 size-4 -translate-y-1/2 text-faint" />
        <input
          type="search"
          aria-label={t.flows.paletteSearch}
          placeholder={t.flows.paletteSearch}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            const first = groups[0]?.types[0];
            if (event.key === "Enter" && first !== undefined && query !== "") {
              act.add(first.type);
              setQuery("");
            } else if (event.key === "Escape") setQuery("");
          }}
          className="min-h-9 w-full rounded-lg border border-line-strong/60 bg-surface pr-2 pl-9 placeholder:text-faint"
        />
      </div>
      <div className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {groups.length === 0 && <p className="px-2 py-3 text-soft">{t.flows.nothingFound(query)}</p>}
        {groups.map((group) => (
          <section key={group.id} aria-labelledby={`palette-${group.id}`}>
            <h2 id={`palette-${group.id}`} className="px-2 pt-3 pb-1 text-label font-semibold text-faint">
              {words.schema(group.title)}
            </h2>
            <ul>
              {group.types.map((type) => (
                <li key={type.type}>
                  <Item type={type} />
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </nav>
  );
}

function Item({ type }: { readonly type: NodeType }) {
  const { words, act } = useWorkshop();
  return (
    <button
      type="button"
      draggable
      data-type={type.type}
      title={words.schema(firstSentence(type.description))}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, type.type);
        event.dataTransfer.effectAllowed = "copy";
      }}
      onClick={() => act.add(type.type)}
      className="flex min-h-9 w-full cursor-grab items-center gap-2.5 rounded-lg px-2 text-left text-soft hover:bg-hover hover:text-ink active:cursor-grabbing"
    >
      <FlowIcon name={type.type} className="size-4.5" />
      <span className="truncate">{words.schema(type.title)}</span>
    </button>
  );
}
