/** Every call, newest first: searched, filtered, exported; one opens beside the list. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { historyPartQuery } from "../../api/queries.ts";
import { changed, type Change } from "../../core/address.ts";
import { cdrFilter } from "../../core/history.ts";
import { midnight } from "../../core/time.ts";
import { faultWords } from "../../core/problem.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { DownloadButton } from "../../media/DownloadButton.tsx";
import type { HistorySearch } from "../../router.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { CallDrawer } from "./CallDrawer.tsx";
import { FilterChips } from "./FilterChips.tsx";
import { Filters, UNFILTERED } from "./Filters.tsx";
import { HistoryTable } from "./HistoryTable.tsx";

const route = getRouteApi("/office/history");

export function HistoryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useMemo(
    (): HistorySearch => Object.fromEntries(Object.entries(search).filter(([name]) => name !== "call")),
    [search],
  );
  const opened = search.call;
  const { q = "", show, ...finer } = list;
  const fine = Object.keys(finer).length;
  const [filtering, setFiltering] = useState(fine > 0);
  const wished = JSON.stringify(cdrFilter(list, midnight));
  // The same filter is the same object, so that what was read of it stays.
  const filter = useMemo(() => JSON.parse(wished) as Readonly<Record<string, string>>, [wished]);
  const { data, error, isPlaceholderData, refetch } = useQuery({
    ...historyPartQuery(filter, 0),
    placeholderData: keepPreviousData,
  });

  const go = (change: Change<HistorySearch>, replace = false) => void navigate({ search: changed(change), resetScroll: false, replace });

  return (
    <>
      <PageHead title={t.history.title} lead={t.history.lead}>
        <DownloadButton path={`/cdrs.csv?${new URLSearchParams(filter).toString()}`} name={t.media.history.fileName} ending="csv">
          {t.media.history.csv}
        </DownloadButton>
      </PageHead>
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-3">
        <SearchBox
          label={t.history.search}
          value={q}
          onChange={(next) => go({ q: next }, true)}
        />
        <FilterChips chosen={show} onChoose={(next) => go({ show: next })} />
        <Button icon="filter" aria-expanded={filtering} onClick={() => setFiltering(!filtering)}>
          {fine === 0 ? t.media.history.filters : t.media.history.filtersOn(fine)}
        </Button>
      </div>
      {filtering && <Filters search={list} onChange={(next) => go(next, true)} />}
      <div className="mb-2 flex items-center gap-3 text-small text-faint">
        {data !== undefined && <p role="status">{t.media.history.count(data.total)}</p>}
        <AsOf />
      </div>
      <section
        aria-label={t.history.title}
        aria-busy={isPlaceholderData}
        className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
      >
        {data === undefined ? (
          error === null ? (
            <Skeleton rows={6} />
          ) : (
            <EmptyState icon="unplugged" title={faultWords(error, t)}>
              <Button onClick={() => void refetch()}>{t.common.retry}</Button>
            </EmptyState>
          )
        ) : data.total > 0 ? (
          <Fresh>
            <HistoryTable filter={filter} total={data.total} list={list} />
          </Fresh>
        ) : Object.keys(list).length === 0 ? (
          <EmptyState icon="history" title={t.history.none} help={t.history.noneHelp} />
        ) : (
          <EmptyState icon="search" title={t.history.noMatch}>
            <Button onClick={() => go({ q: undefined, show: undefined, ...UNFILTERED })}>{t.history.clearFilters}</Button>
          </EmptyState>
        )}
      </section>
      {opened !== undefined && <CallDrawer key={opened} id={opened} onClose={() => go({ call: undefined })} />}
    </>
  );
}
