/** Finds nodes of this flow while typing; Enter goes to the next one. */
import { useMemo, useState } from "react";
import { searchNodes } from "../../flow/search.ts";
import { summaryOf, titleOf } from "../../flow/summary.ts";
import { t } from "../../text/index.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useEditorState, useWorkshop } from "./context.ts";
import { FlowIcon } from "./icons.tsx";

export function FindBox({ onClose }: { readonly onClose: () => void }) {
  const { store, catalogue, words, nameOf, act } = useWorkshop();
  const flow = useEditorState(store, (state) => state.viewed?.document ?? state.history.present);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState(-1);
  const found = useMemo(
    () =>
      searchNodes(flow, query, (id) => {
        const node = flow.nodes[id] ?? { type: "", name: "", parameters: {}, x: 0, y: 0 };
        const type = catalogue.types.get(node.type);
        return { id, type: node.type, title: titleOf(node, type, words), summary: summaryOf(node, type, words, nameOf) };
      }),
    [flow, query, catalogue, words, nameOf],
  );
  const go = (index: number) => {
    const hit = found[index];
    if (hit === undefined) return;
    setChosen(index);
    act.go(hit.id);
  };
  return (
    <div role="search" className="fade-in absolute top-3 left-1/2 z-20 w-[min(22rem,calc(100%-1.5rem))] -translate-x-1/2 overflow-hidden rounded-2xl border border-line bg-surface shadow-float">
      <div className="flex items-center gap-1 pr-1 pl-3">
        <Icon name="search" className="size-4 text-faint" />
        <input
          autoFocus
          type="search"
          aria-label={t.flows.find}
          placeholder={t.flows.find}
          value={query}
          className="min-h-11 min-w-0 flex-1 bg-transparent px-1.5 outline-none placeholder:text-faint [&::-webkit-search-cancel-button]:hidden"
          onChange={(event) => {
            setQuery(event.target.value);
            setChosen(-1);
          }}
          onKeyDown={(event) => {
            if (event.key === "Escape") onClose();
            else if (event.key === "Enter" || event.key === "ArrowDown") go(found.length === 0 ? 0 : (chosen + 1) % found.length);
            else if (event.key === "ArrowUp") go((chosen + found.length - 1) % Math.max(1, found.length));
            else return;
            event.preventDefault();
            event.stopPropagation();
          }}
        />
        <span role="status" className="text-label whitespace-nowrap text-faint">
          {query.trim() === "" ? "" : t.flows.found(found.length)}
        </span>
        <IconButton icon="close" label={t.common.close} onClick={onClose} />
      </div>
      {found.length > 0 && (
        <ul className="max-h-72 overflow-y-auto border-t border-line p-1.5">
          {found.slice(0, 50).map((hit, index) => (
            <li key={hit.id}>
              <button type="button" onClick={() => go(index)} className={`flex w-full items-center gap-2.5 rounded-lg px-2 py-1.5 text-left ${index === chosen ? "bg-accent-soft" : "hover:bg-hover"}`}>
                <FlowIcon name={hit.type} className="size-4.5 text-soft" />
                <span className="min-w-0">
                  <span className="block truncate">{hit.title}</span>
                  <span className="block truncate text-label text-faint">{hit.summary}</span>
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
