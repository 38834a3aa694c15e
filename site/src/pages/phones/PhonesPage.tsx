import { getRouteApi } from "@tanstack/react-router";
import { matchesPhone, phoneRows } from "../../core/phones.ts";
import { AsOf, Fresh } from "../../live/Fresh.tsx";
import { useLive } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { NewPhone } from "./NewPhone.tsx";
import { PhoneDrawer } from "./PhoneDrawer.tsx";
import { PhoneTable } from "./PhoneTable.tsx";

const route = getRouteApi("/office/phones");

export function PhonesPage() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, stale } = useLive();
  const rows = data === undefined ? undefined : phoneRows(data);
  const shown = rows?.filter((row) => matchesPhone(row, q));
  const opened = rows?.find((row) => row.extension.number === open);

  const go = (next: { q?: string; open?: string }, replace = false) =>
    void navigate({ search: next, replace, resetScroll: false });
  const withQuery = q === "" ? {} : { q };
  const close = () => go(withQuery);

  return (
    <>
      <PageHead title={t.phones.title} lead={t.phones.lead}>
        <Button look="primary" icon="plus" disabled={stale} onClick={() => go({ ...withQuery, open: "new" })}>
          {t.phones.add}
        </Button>
      </PageHead>
      <div className="mb-3 flex flex-wrap items-center gap-3">
        <SearchBox
          label={t.phones.search}
          value={q}
          onChange={(value) => go(value === "" ? {} : { q: value }, true)}
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
            <PhoneTable rows={shown} query={q} />
          </Fresh>
        ) : q === "" ? (
          <EmptyState icon="phone" title={t.phones.none} help={t.phones.noneHelp}>
            <Button look="primary" icon="plus" onClick={() => go({ open: "new" })}>
              {t.phones.createFirst}
            </Button>
          </EmptyState>
        ) : (
          <EmptyState icon="search" title={t.phones.noMatch(q)}>
            <Button onClick={() => go({})}>{t.common.clearSearch}</Button>
          </EmptyState>
        )}
      </section>
      {open === "new" && <NewPhone onClose={close} onCreated={(number) => go({ ...withQuery, open: number }, true)} />}
      {opened !== undefined && <PhoneDrawer key={opened.extension.number} row={opened} onClose={close} />}
    </>
  );
}
