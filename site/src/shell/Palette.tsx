/** Ctrl-K: pages, extensions, numbers, flows, a call's id and things to do, from one box. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { KeyboardEvent } from "react";
import { useEffect, useId, useMemo, useRef, useState } from "react";
import { find, looksLikeCallId } from "../core/find.ts";
import { t } from "../text/index.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { flowsToFind, numbersToFind, useThings, type Thing } from "./things.ts";

const MOST = 40;

interface PaletteProps {
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
}

export function Palette({ onClose, onShortcuts }: PaletteProps) {
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const numbers = useQuery(numbersToFind);
  const flows = useQuery(flowsToFind);
  const things = useThings(numbers.data ?? [], flows.data ?? [], onShortcuts);
  const found = useMemo(() => results(things, query), [things, query]);
  const chosen = Math.min(at, Math.max(0, found.length - 1));

  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [chosen, found]);

  const run = (thing: Thing | undefined) => {
    if (thing === undefined) return;
    onClose();
    if (thing.go !== undefined) void navigate(thing.go);
    else thing.act?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined && found.length > 0) {
      event.preventDefault();
      setAt((chosen + step + found.length) % found.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(found[chosen]);
    }
  };

  return (
    <Dialog shape="top" label={t.shell.search} onClose={onClose}>
      <div className="flex items-center gap-3 border-b border-line px-4">
        <Icon name="search" className="size-5 text-faint" />
        <input
          data-focus-first
          type="text"
          role="combobox"
          aria-label={t.shell.search}
          aria-expanded={found.length > 0}
          aria-controls={id}
          aria-activedescendant={found.length > 0 ? `${id}-${chosen}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder={t.shell.searchHint}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
          className="min-h-13 min-w-0 flex-1 bg-transparent text-lead outline-none placeholder:text-faint"
        />
      </div>
      <div ref={list} id={id} role="listbox" aria-label={t.shell.found} className="min-h-0 overflow-y-auto p-2">
        {found.map((thing, index) => (
          <Row
            key={thing.key}
            id={`${id}-${index}`}
            thing={thing}
            heading={found[index - 1]?.group === thing.group ? "" : thing.group}
            chosen={index === chosen}
            onPoint={() => setAt(index)}
            onRun={() => run(thing)}
          />
        ))}
      </div>
      {found.length === 0 && (
        <p role="status" className="px-5 pt-3 pb-8 text-center text-soft">
          {t.shell.foundNothing(query)}
        </p>
      )}
    </Dialog>
  );
}

interface RowProps {
  readonly id: string;
  readonly thing: Thing;
  readonly heading: string;
  readonly chosen: boolean;
  readonly onPoint: () => void;
  readonly onRun: () => void;
}

/** A pointer chooses and runs it; keys stay in the box above, as the combobox pattern has it. */
function Row({ id, thing, heading, chosen, onPoint, onRun }: RowProps) {
  return (
    <>
      {heading !== "" && (
        <p role="presentation" className="px-3 pt-2 pb-1 text-label font-semibold text-faint">
          {heading}
        </p>
      )}
      <div
        id={id}
        role="option"
        aria-selected={chosen}
        onPointerMove={onPoint}
        onClick={onRun}
        className="flex min-h-10 cursor-pointer items-center gap-3 rounded-lg px-3 text-soft aria-selected:bg-accent-soft aria-selected:text-accent"
      >
        <Icon name={thing.icon} className="size-[1.125rem]" />
        <span className="min-w-0 flex-1 truncate text-ink">{thing.title}</span>
        {thing.note !== "" && <span className="max-w-1/2 truncate text-small">{thing.note}</span>}
      </div>
    </>
  );
}

/** A call's id finds nothing else; so it is offered as what it looks like. Groups stay together, best group first. */
function results(things: readonly Thing[], query: string): readonly Thing[] {
  const found = find(things, query, MOST);
  const groups = [...new Set(found.map((each) => each.group))];
  const sorted = groups.flatMap((group) => found.filter((each) => each.group === group));
  if (!looksLikeCallId(query)) return sorted;
  const call = query.trim();
  const open: Thing = {
    key: "call",
    group: t.nav.calls,
    icon: "history",
    title: t.shell.openCall(call),
    also: "",
    note: "",
    go: { to: "/history", search: { call } },
  };
  return [...sorted, open];
}
