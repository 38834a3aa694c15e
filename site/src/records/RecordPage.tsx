/** All records of a kind: searched, sorted, opened in a side panel. What is shown stands in the address. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { lazy, Suspense, useState } from "react";
import { changed, part, type Change, type PageSearch } from "../core/address.ts";
import { faultWords } from "../core/problem.ts";
import type { Data } from "../forms/json.ts";
import type { FormLayout } from "../forms/layouts.ts";
import { kindNamed, KINDS } from "../office/kinds.ts";
import type { Found } from "../office/source.ts";
import { t } from "../text/index.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import type { IconName } from "../ui/Icon.tsx";
import { Notice } from "../ui/Notice.tsx";
import { PageHead } from "../ui/PageHead.tsx";
import { SearchBox } from "../ui/SearchBox.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { arranged, nextSort } from "./arrange.ts";
import { columnsOf, type Column, type Names } from "./columns.tsx";
import { keyOf, titleOf, useRecords } from "./data.ts";
import { RecordTable, type RowAction } from "./RecordTable.tsx";
import { textOf } from "./references.ts";

/** Forms are much code, which a list does not need. */
const RecordDrawer = lazy(() => import("./RecordDrawer.tsx").then((module) => ({ default: module.RecordDrawer })));

const PER_PAGE = 50;

export interface RecordPageProps extends RowAction {
  readonly kind: string;
  readonly icon?: IconName;
  readonly columns?: readonly Column[];
  readonly layout?: FormLayout;
  /** In the drawer of an existing record, above its form. */
  readonly above?: (found: Found) => ReactNode;
  readonly lead?: (found: Found) => ReactNode;
  /** In place of the empty form for a new one: asks something first, and begins with a draft. */
  readonly begin?: (start: (draft: Data) => void, close: () => void) => ReactNode;
  /** Between head and list. */
  readonly children?: ReactNode;
  readonly buttons?: ReactNode;
  /** The order that means something, in place of sorting. */
  readonly ordered?: (a: Data, b: Data) => number;
}

/** The part of the address that a page of records owns, and a way to change it. */
export function usePageSearch(): readonly [PageSearch, (change: Change<PageSearch>, replace?: boolean) => void] {
  const search: PageSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const go = (change: Change<PageSearch>, replace = false) => void navigate({ to: ".", search: changed(change) as never, replace, resetScroll: false });
  return [search, go];
}

export function RecordPage(props: RecordPageProps) {
  const kind = kindNamed(props.kind);
  const words = t.records.kinds[kind.name];
  const [search, go] = usePageSearch();
  const [draft, setDraft] = useState<Data>();
  const { q = "", sort = "", page = 1, open } = search;
  const { data, error } = useRecords(kind.name);
  const names = useNames();
  const columns = props.columns ?? columnsOf(kind);
  const rows = props.ordered === undefined ? data : data?.toSorted(props.ordered);
  const list =
    rows === undefined
      ? undefined
      : arranged(
          rows,
          { q, sort: props.ordered === undefined ? sort : "", page, perPage: PER_PAGE },
          (row, column) => columns.find((each) => each.name === column)?.cell(row) ?? "",
          (row) => [keyOf(kind, row), titleOf(kind, row), ...columns.map((each) => String(each.cell(row)))].join(" "),
        );
  const show = (key: string | undefined, replace = false) => {
    setDraft(undefined);
    go({ open: key }, replace);
  };
  const add = (
    <Button look="primary" icon="plus" onClick={() => show("new")}>
      {words?.add}
    </Button>
  );
  const asking = open === "new" && draft === undefined && props.begin !== undefined;

  return (
    <>
      <PageHead title={words?.title ?? kind.title} {...(words === undefined ? {} : { lead: words.lead })}>
        <div className="flex flex-wrap justify-end gap-2">
          {props.buttons}
          {add}
        </div>
      </PageHead>
      {props.children}
      {(rows === undefined || rows.length > 0) && (
        <div className="mb-3 flex flex-wrap items-center gap-3">
          <SearchBox label={t.records.list.search} value={q} onChange={(value) => go({ q: value, page: undefined }, true)} />
          {list !== undefined && (
            <span role="status" className="text-soft">
              {t.records.list.count(list.found)}
            </span>
          )}
        </div>
      )}
      <section aria-label={words?.title ?? kind.title} className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        {list === undefined ? (
          error === null ? (
            <Skeleton rows={4} />
          ) : (
            <div className="p-4">
              <Notice tone="bad" alert>
                {t.records.list.readFault} {faultWords(error, t)}
              </Notice>
            </div>
          )
        ) : list.shown.length > 0 ? (
          <RecordTable
            kind={kind}
            columns={columns}
            rows={list.shown}
            names={names}
            sort={sort}
            {...(props.ordered === undefined ? { onSort: (column: string) => go({ sort: nextSort(sort, column), page: undefined }, true) } : {})}
            onOpen={show}
            {...(props.before === undefined ? {} : { before: props.before })}
            {...(props.after === undefined ? {} : { after: props.after })}
          />
        ) : q === "" ? (
          <EmptyState icon={props.icon ?? "list"} title={words?.none ?? ""} {...(words === undefined ? {} : { help: words.noneHelp })}>
            {add}
          </EmptyState>
        ) : (
          <EmptyState icon="search" title={t.records.list.noMatch(q)}>
            <Button onClick={() => go({ q: undefined, page: undefined })}>{t.common.clearSearch}</Button>
          </EmptyState>
        )}
      </section>
      {list !== undefined && list.pages > 1 && <Pages page={list.page} pages={list.pages} onPage={(next) => go({ page: part(next) })} />}
      {asking && props.begin(setDraft, () => show(undefined))}
      {open !== undefined && !asking && (
        <Suspense>
        <RecordDrawer
          key={`${kind.name} ${open}`}
          kind={kind.name}
          recordKey={open}
          {...(draft === undefined ? {} : { draft })}
          {...(props.layout === undefined ? {} : { layout: props.layout })}
          {...(props.above === undefined ? {} : { above: props.above })}
          {...(props.lead === undefined ? {} : { lead: props.lead })}
          onClose={() => show(undefined)}
          {...(open === "new" ? { onSaved: () => show(undefined, true) } : {})}
          onDuplicate={(copy) => {
            setDraft(copy);
            go({ open: "new" });
          }}
        />
        </Suspense>
      )}
    </>
  );
}

/** "101 Alice Morgan" for 101: names of whatever has a number, and of trunks. */
function useNames(): Names {
  const found = new Map<string, string>();
  const lists = [useRecords("extension"), useRecords("ring_group"), useRecords("queue"), useRecords("flow"), useRecords("conference"), useRecords("paging_group"), useRecords("trunk")];
  const kinds = ["extension", "ring_group", "queue", "flow", "conference", "paging_group", "trunk"];
  lists.forEach(({ data }, index) => {
    const kind = KINDS.find((each) => each.name === kinds[index]);
    if (kind === undefined) return;
    for (const record of data ?? []) {
      const key = textOf(record[kind.key]);
      found.set(`${kind.name} ${key}`, kind.name === "extension" ? textOf(record["name"]) : titleOf(kind, record));
      if (kind.numbered) found.set(` ${key}`, titleOf(kind, record));
    }
  });
  return (kind, key) => found.get(`${kind} ${key}`) ?? key;
}

function Pages({ page, pages, onPage }: { readonly page: number; readonly pages: number; readonly onPage: (page: number) => void }) {
  return (
    <nav aria-label={t.records.list.page(page, pages)} className="mt-3 flex items-center justify-end gap-1">
      <IconButton icon="chevronLeft" label={t.records.list.previous} disabled={page === 1} onClick={() => onPage(page - 1)} />
      <span className="text-soft tabular-nums">{t.records.list.page(page, pages)}</span>
      <IconButton icon="chevronRight" label={t.records.list.next} disabled={page === pages} onClick={() => onPage(page + 1)} />
    </nav>
  );
}
