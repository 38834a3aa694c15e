/**
 * The history as a table that may be very long: only the rows in sight are drawn, and only their parts are asked for.
 * What flies by faster than anybody reads is neither. On narrow screens each call is two lines.
 */
import { useQueries } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import type { MouseEvent } from "react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { HISTORY_PAGE, historyPartQuery, type CdrFilter } from "../../api/queries.ts";
import { historyRow, type Directory } from "../../core/history.ts";
import { formatDay, formatFull, formatShortClock } from "../../core/time.ts";
import { useDirectory } from "../../live/useLive.ts";
import type { HistorySearch } from "../../router.tsx";
import type { Cdr } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark } from "../../ui/StatusMark.tsx";

const WIDE = "(min-width: 52rem)";
const ROW_PX = { wide: 52, narrow: 78 } as const;
/** So long after the last leap the rows are read and drawn again. */
const LANDING_MS = 100;
const COLUMNS = "md:grid md:grid-cols-[9.5rem_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.6fr)_6.5rem] md:items-center";

interface HistoryTableProps {
  readonly filter: CdrFilter;
  readonly total: number;
  /** The list's own address, which an opened call is added to. */
  readonly list: HistorySearch;
}

export function HistoryTable({ filter, total, list }: HistoryTableProps) {
  const body = useRef<HTMLDivElement>(null);
  const [above, setAbove] = useState(0);
  const wide = useMedia(WIDE);
  const directory = useDirectory();

  useLayoutEffect(() => {
    const measure = () => setAbove((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(document.body);
    return () => watch.disconnect();
  }, []);

  const address = useAddresses(list);
  // To the minute: it only tells today from yesterday.
  const minute = Math.floor(useNow() / 60_000) * 60_000;
  const rows = useWindowVirtualizer({
    useFlushSync: false,
    count: total,
    estimateSize: () => (wide ? ROW_PX.wide : ROW_PX.narrow),
    overscan: 10,
    scrollMargin: above,
    getItemKey: (index) => `${String(wide)} ${index}`,
  });
  const inSight = rows.getVirtualItems();
  const flying = useFlying();
  const parts = flying ? [] : [...new Set(inSight.map((row) => Math.floor(row.index / HISTORY_PAGE)))];
  const read = useQueries({ queries: parts.map((part) => historyPartQuery(filter, part)) });
  const callAt = (index: number): Cdr | undefined =>
    read[parts.indexOf(Math.floor(index / HISTORY_PAGE))]?.data?.items[index % HISTORY_PAGE];

  return (
    <div role="table" aria-label={t.history.title} aria-rowcount={total + 1} onClick={address.onClick}>
      <div role="rowgroup" className="border-b border-line text-small text-faint max-md:sr-only">
        <div role="row" aria-rowindex={1} className={COLUMNS}>
          <span role="columnheader" className="py-2.5 pl-5">
            {t.history.when}
          </span>
          <span role="columnheader" className="px-2 py-2.5">
            {t.history.from}
          </span>
          <span role="columnheader" className="px-2 py-2.5">
            {t.history.to}
          </span>
          <span role="columnheader" className="px-2 py-2.5">
            {t.history.outcome}
          </span>
          <span role="columnheader" className="py-2.5 pr-5 text-right">
            {t.history.talked}
          </span>
        </div>
      </div>
      <div ref={body} role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
        {inSight.map((item) => {
          const call = callAt(item.index);
          return (
            <div
              key={flying ? `flying ${item.index % inSight.length}` : item.key}
              role="row"
              aria-rowindex={item.index + 2}
              data-cdr={call?.id}
              className={`absolute inset-x-0 top-0 border-b border-line hover:bg-hover ${COLUMNS}`}
              style={{ height: item.size, transform: `translateY(${item.start - above}px)` }}
            >
              {call === undefined ? <Blank /> : <Cells call={call} directory={directory} href={address.of(call.id)} now={minute} />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Blank() {
  return (
    <span role="cell" className="flex h-full items-center px-5 md:col-span-5">
      <span aria-hidden="true" className="h-3.5 w-2/3 rounded bg-sunken" />
      <span className="sr-only">{t.common.loading}</span>
    </span>
  );
}

/** One link for each row costs as much as the row when a long list flies by: so all of them share one handler. */
function useAddresses(list: HistorySearch) {
  const router = useRouter();
  return useMemo(() => {
    const hole = "CALL-ID";
    const [before = "", after = ""] = router.buildLocation({ to: "/history", search: { ...list, call: hole } }).href.split(hole);
    return {
      of: (id: string) => `${before}${encodeURIComponent(id)}${after}`,
      onClick: (event: MouseEvent) => {
        const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-call-link]") : null;
        const call = link?.dataset["callLink"];
        if (call === undefined || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        void router.navigate({ to: "/history", search: { ...list, call }, resetScroll: false });
      },
    };
  }, [router, list]);
}

interface CellsProps {
  readonly call: Cdr;
  readonly directory: Directory;
  readonly href: string;
  readonly now: number;
}

const Cells = memo(function Cells({ call, directory, href, now }: CellsProps) {
  const row = historyRow(call, directory, t);
  return (
    <>
      <span role="cell" className="block truncate text-soft max-md:float-right max-md:px-4 max-md:pt-3 max-md:text-small md:pl-5">
        <a
          href={href}
          data-call-link={row.id}
          className="after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
        >
          <time dateTime={row.startedAt} title={formatFull(row.startedAt, t.locale)}>
            {formatDay(row.startedAt, now, t.locale, t.history)} {formatShortClock(row.startedAt, t.locale)}
          </time>
          <span className="sr-only">, {t.history.drawerLabel(row.from, row.to)}</span>
        </a>
      </span>
      <Party name={row.from} number={row.fromNumber} className="max-md:pt-2.5 max-md:pl-4" arrow={row.to} />
      <Party name={row.to} number={row.toNumber} className="max-md:hidden" />
      <span role="cell" className="flex min-w-0 items-center gap-x-2.5 px-2 max-md:clear-both max-md:px-4 max-md:pt-1.5">
        <StatusMark tone={row.tone}>{row.outcome}</StatusMark>
        {row.why !== "" && <span className="truncate text-small text-faint" title={row.why}>{row.why}</span>}
        {row.test && (
          <span className="inline-flex items-center gap-1 truncate text-small text-accent" title={row.testedFlow ? t.history.testHelp : t.history.testCallHelp}>
            <Icon name={row.testedFlow ? "flow" : "phone"} className="size-3.5" />
            {row.testedFlow ? t.history.test : t.history.testCall}
          </span>
        )}
        {row.interrupted && (
          <span className="inline-flex items-center gap-1 truncate text-small text-warn" title={t.history.interruptedHelp}>
            <Icon name="restart" className="size-3.5" />
            {t.history.interrupted}
          </span>
        )}
        <span className="ml-auto text-small whitespace-nowrap text-soft md:hidden">{row.talked}</span>
      </span>
      <span role="cell" className="pr-5 text-right whitespace-nowrap max-md:hidden">
        {row.talked}
      </span>
    </>
  );
});

interface PartyProps {
  readonly name: string;
  readonly number: string;
  readonly className: string;
  /** Who was called, where one line says both. */
  readonly arrow?: string;
}

function Party({ name, number, className, arrow }: PartyProps) {
  return (
    <span role="cell" className={`block min-w-0 truncate font-medium md:px-2 ${className}`}>
      {name}
      {arrow !== undefined && (
        <span className="md:hidden">
          {" "}
          <span className="text-faint">→</span> {arrow}
        </span>
      )}
      {number !== name && <span className="pl-1.5 font-normal text-faint max-md:hidden">{number}</span>}
    </span>
  );
}

/** Whether more than a screen goes by in each frame, as while the scroll bar of a long list is dragged. */
function useFlying(): boolean {
  const [flying, setFlying] = useState(false);
  useEffect(() => {
    let last = window.scrollY;
    let landing: ReturnType<typeof setTimeout> | undefined;
    const scrolled = () => {
      const step = Math.abs(window.scrollY - last);
      last = window.scrollY;
      if (step < 1.2 * window.innerHeight) return;
      setFlying(true);
      clearTimeout(landing);
      landing = setTimeout(() => setFlying(false), LANDING_MS);
    };
    window.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      window.removeEventListener("scroll", scrolled);
      clearTimeout(landing);
    };
  }, []);
  return flying;
}

function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => window.matchMedia(query).matches,
  );
}
