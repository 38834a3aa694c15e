import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { historyQuery } from "../../api/queries.ts";
import { dispositionFrom } from "../../core/history.ts";
import { numberToSearch } from "../../core/phones.ts";
import { faultWords } from "../../core/problem.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useDirectory } from "../../live/useLive.ts";
import type { HistorySearch } from "../../router.tsx";
import type { CdrList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { CallDrawer } from "./CallDrawer.tsx";
import { FilterChips } from "./FilterChips.tsx";
import { HistoryTable } from "./HistoryTable.tsx";
import { Pager } from "./Pager.tsx";

const PAGE_SIZE = 50;
const route = getRouteApi("/office/history");

export function HistoryPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const page = search.page ?? 1;
  const disposition = dispositionFrom(search.show);
  const directory = useDirectory();
  const { data, error, isPlaceholderData, refetch } = useQuery(
    historyQuery({
      number: numberToSearch(search.q ?? "", directory.values()),
      disposition: disposition ?? "",
      limit: PAGE_SIZE,
      offset: (page - 1) * PAGE_SIZE,
    }),
  );

  const go = (next: HistorySearch, options: { replace?: boolean; resetScroll?: boolean } = {}) =>
    void navigate({ search: next, resetScroll: false, ...options });
  const { call: opened, ...list } = search;
  const filters = { ...(search.q && { q: search.q }), ...(search.show && { show: search.show }) };

  return (
    <>
      <PageHead title={t.history.title} lead={t.history.lead} />
      <div className="mb-3 flex flex-wrap items-center gap-x-4 gap-y-3">
        <SearchBox
          label={t.history.search}
          value={search.q ?? ""}
          onChange={(q) => go({ ...(search.show && { show: search.show }), ...(q && { q }) }, { replace: true })}
        />
        <FilterChips
          chosen={disposition}
          onChoose={(show) => go({ ...(search.q && { q: search.q }), ...(show && { show }) })}
        />
        <AsOf />
      </div>
      <section
        aria-label={t.history.title}
        aria-busy={isPlaceholderData}
        className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
      >
        {data !== undefined ? (
          <Fresh>
            <Rows data={data} list={list} onClear={() => go({})} />
          </Fresh>
        ) : error === null ? (
          <Skeleton rows={6} />
        ) : (
          <EmptyState icon="unplugged" title={faultWords(error, t)}>
            <Button onClick={() => void refetch()}>{t.common.retry}</Button>
          </EmptyState>
        )}
      </section>
      {data !== undefined && data.total > 0 && (
        <Pager
          page={page}
          size={PAGE_SIZE}
          shown={data.items.length}
          total={data.total}
          onPage={(next) => go({ ...filters, ...(next > 1 && { page: next }) }, { resetScroll: true })}
        />
      )}
      {opened !== undefined && <CallDrawer key={opened} id={opened} onClose={() => go(list)} />}
    </>
  );
}

interface RowsProps {
  readonly data: CdrList;
  readonly list: HistorySearch;
  readonly onClear: () => void;
}

function Rows({ data, list, onClear }: RowsProps) {
  if (data.items.length > 0) return <HistoryTable calls={data.items} list={list} />;
  if (list.q === undefined && list.show === undefined && list.page === undefined) {
    return <EmptyState icon="history" title={t.history.none} help={t.history.noneHelp} />;
  }
  return (
    <EmptyState icon="search" title={t.history.noMatch}>
      <Button onClick={onClear}>{t.history.clearFilters}</Button>
    </EmptyState>
  );
}
