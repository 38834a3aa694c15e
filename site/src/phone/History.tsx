/** One's own calls, with what was noted. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatDay, formatDuration, formatFull, formatShortClock } from "../core/time.ts";
import type { HistoryEntry } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { p } from "../text/phone.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { useNow } from "../ui/now.ts";
import { Skeleton } from "../ui/Skeleton.tsx";
import { usePeople } from "./contacts.ts";
import { NoteBox } from "./NoteBox.tsx";
import { readable } from "./number.ts";
import { PhoneIcon, type PhoneIconName } from "./PhoneIcon.tsx";
import { historyQuery } from "./queries.ts";

interface HistoryProps {
  readonly onDial: (number: string, name: string) => void;
}

export function History({ onDial }: HistoryProps) {
  const [missed, setMissed] = useState(false);
  const [open, setOpen] = useState("");
  const { data, hasNextPage, fetchNextPage, isFetching } = useInfiniteQuery(historyQuery);
  if (data === undefined) return <Skeleton rows={6} />;
  const all = data.pages.flatMap((page) => page.items);
  const shown = missed ? all.filter(isMissed) : all;
  if (all.length === 0) return <EmptyState icon="history" title={p.history.empty} help={p.history.emptyHelp} />;
  return (
    <div className="flex flex-col gap-2">
      <div role="group" aria-label={p.tabs.history} className="flex gap-1 self-start rounded-xl bg-sunken p-1">
        {[false, true].map((each) => (
          <button
            key={String(each)}
            type="button"
            aria-pressed={missed === each}
            onClick={() => setMissed(each)}
            className="min-h-8 rounded-lg px-3 text-small text-soft aria-pressed:bg-surface aria-pressed:font-medium aria-pressed:text-ink aria-pressed:shadow-card"
          >
            {each ? p.history.onlyMissed : p.history.all}
          </button>
        ))}
      </div>
      <ul className="flex flex-col">
        {shown.map((each) => (
          <Row key={each.id} entry={each} open={open === each.id} onOpen={() => setOpen(open === each.id ? "" : each.id)} onDial={onDial} />
        ))}
      </ul>
      {hasNextPage && (
        <Button busy={isFetching} onClick={() => void fetchNextPage()}>
          {p.history.more}
        </Button>
      )}
    </div>
  );
}

function isMissed(entry: HistoryEntry): boolean {
  return entry.direction === "in" && !entry.answered;
}

function kindOf(entry: HistoryEntry): readonly [PhoneIconName, string, string] {
  if (isMissed(entry)) return entry.disposition === "answered" ? ["incoming", p.history.elsewhere, "text-faint"] : ["missed", p.history.missed, "text-bad"];
  if (entry.direction === "in") return ["incoming", p.history.in, "text-good"];
  return ["outgoing", entry.answered ? p.history.out : p.history.unanswered, entry.answered ? "text-accent" : "text-faint"];
}

interface RowProps extends HistoryProps {
  readonly entry: HistoryEntry;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ entry, open, onOpen, onDial }: RowProps) {
  const now = useNow();
  const people = usePeople();
  const [icon, words, colour] = kindOf(entry);
  // Whose number it is says more than where a call ended up, such as a parking slot.
  const name = people.find((each) => each.number === entry.number)?.name ?? entry.name;
  const who = name !== "" ? name : entry.number !== "" ? readable(entry.number) : p.history.withheld;
  const { note } = entry;
  return (
    <li data-call={entry.id} className={`rounded-xl ${open ? "bg-hover" : "hover:bg-hover"}`}>
      <div className="flex items-center pr-1">
        <button type="button" aria-expanded={open} onClick={onOpen} className="flex min-h-14 min-w-0 flex-1 items-center gap-3 rounded-xl px-2 text-left">
          <PhoneIcon name={icon} className={`size-5 ${colour}`} />
          <span className="min-w-0 flex-1">
            <span className={`block truncate ${icon === "missed" ? "font-semibold text-bad" : "font-medium"}`}>{who}</span>
            <span className="block truncate text-small text-faint">
              {[words, name !== "" ? readable(entry.number) : "", entry.answered && entry.talk_s > 0 ? formatDuration(entry.talk_s, t.duration) : ""]
                .filter((each) => each !== "")
                .join(" · ")}
            </span>
            {note !== "" && !open && (
              <span className="flex items-center gap-1.5 text-small text-soft">
                <PhoneIcon name="note" className="size-3.5" />
                <span className="truncate">{note}</span>
              </span>
            )}
          </span>
          <time dateTime={entry.started_at} title={formatFull(entry.started_at, t.locale)} className="shrink-0 text-right text-small text-soft tabular-nums">
            <span className="block">{formatShortClock(entry.started_at, t.locale)}</span>
            <span className="block text-label text-faint">{formatDay(entry.started_at, now, t.locale, t.history)}</span>
          </time>
        </button>
        {entry.number !== "" && <IconButton icon="phone" label={p.people.call(who)} onClick={() => onDial(entry.number, name)} />}
      </div>
      {open && (
        <div className="px-3 pb-3">
          <NoteBox key={entry.id} call={entry.id} kept={note} />
        </div>
      )}
    </li>
  );
}
