/** Phones that sleep: which can be woken, how surely each comes, and why one did not. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { request } from "../../api/client.ts";
import { useLive } from "../../live/useLive.ts";
import type { PushPhoneList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { p } from "../../text/push.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { PUSH_PHONES } from "./pushPhones.ts";
import { PushPhoneRow } from "./PushPhoneRow.tsx";

export function PushPhonesPage() {
  const phones = useQuery({
    queryKey: PUSH_PHONES,
    queryFn: () => request<PushPhoneList>("/push-phones", { query: { limit: 500 } }),
    refetchInterval: 10_000,
  });
  const { data } = useLive();
  return (
    <>
      <PageHead title={t.nav.pushPhones} lead={p.lead} />
      <section aria-label={t.nav.pushPhones} className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card">
        <Loaded query={phones} rows={3}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState icon="bell" title={p.none} help={p.noneHelp}>
                <Link to="/phones" className="inline-flex min-h-9 items-center rounded-lg border border-line px-3.5 hover:bg-hover">
                  {p.noneAction}
                </Link>
              </EmptyState>
            ) : (
              <ul className="divide-y divide-line">
                {items.map((phone) => (
                  <PushPhoneRow key={phone.id} phone={phone} name={data?.extensions.get(phone.extension)?.name ?? ""} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </section>
    </>
  );
}
