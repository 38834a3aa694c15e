import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { changed, type Change } from "../../core/address.ts";
import { matchesPhone, phoneRows } from "../../core/phones.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import { useMode } from "../../office/mode.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import type { PhonesSearch } from "../../router.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import type { Data } from "../../forms/json.ts";
import { BulkBar } from "./BulkBar.tsx";
import { CsvDialog } from "./CsvDialog.tsx";
import { NewPhone } from "./NewPhone.tsx";
import { PhoneDrawer } from "./PhoneDrawer.tsx";
import { PhoneTable } from "./PhoneTable.tsx";

const route = getRouteApi("/office/phones");

export function PhonesPage() {
  return useMode() === "documents" ? <RecordPage kind="extension" icon="phone" /> : <LivePhones />;
}

function LivePhones() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, stale } = useLive();
  const [draft, setDraft] = useState<Data>({});
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [table, setTable] = useState(false);
  const rows = data === undefined ? undefined : phoneRows(data);
  const shown = rows?.filter((row) => matchesPhone(row, q));
  const opened = rows?.find((row) => row.extension.number === open);

  const go = (change: Change<PhonesSearch>, replace = false) => void navigate({ search: changed(change), replace, resetScroll: false });
  const close = () => go({ open: undefined });
  const add = (from: Data) => {
    setDraft(from);
    go({ open: "new" });
  };

  return (
    <>
      <PageHead title={t.phones.title} lead={t.phones.lead}>
        <div className="flex flex-wrap justify-end gap-2">
          <Button icon="upload" disabled={stale} onClick={() => setTable(true)}>
            {t.records.phone.csv}
          </Button>
          <Button look="primary" icon="plus" disabled={stale} onClick={() => add({})}>
            {t.phones.add}
          </Button>
        </div>
      </PageHead>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <SearchBox
          label={t.phones.search}
          value={q}
          onChange={(value) => go({ q: value }, true)}
        />
        {shown !== undefined && (
          <span role="status" className="text-soft">
            {t.phones.count(shown.length)}
          </span>
        )}
        <AsOf />
      </div>
      <section aria-label={t.phones.title} className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        {shown === undefined ? (
          stale ? <EmptyState icon="unplugged" title={t.link.never} /> : <Skeleton rows={4} />
        ) : shown.length > 0 ? (
          <Fresh>
            <PhoneTable rows={shown} query={q} selected={selected} onSelect={setSelected} />
          </Fresh>
        ) : q === "" ? (
          <EmptyState icon="phone" title={t.phones.none} help={t.phones.noneHelp}>
            <Button look="primary" icon="plus" onClick={() => add({})}>
              {t.phones.createFirst}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState icon="search" title={t.phones.noMatch(q)}>
            <Button onClick={() => go({ q: undefined })}>{t.common.clearSearch}</Button>
          </EmptyState>
        )}
      </section>
      {open === "new" && <NewPhone key={JSON.stringify(draft)} draft={draft} onClose={close} onCreated={(number) => go({ open: number }, true)} />}
      {opened !== undefined && <PhoneDrawer key={opened.extension.number} row={opened} onClose={close} onDuplicate={add} />}
      {selected.size > 0 && <BulkBar numbers={[...selected]} onDone={() => setSelected(new Set())} />}
      {table && <CsvDialog onClose={() => setTable(false)} />}
    </>
  );
}
