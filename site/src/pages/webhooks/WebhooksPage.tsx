/** Programs of others that are told what happens: the records, a test, and what was delivered. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { formatDay, formatShortClock } from "../../core/time.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import type { WebhookDelivery, WebhookDeliveryList } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import { Section } from "../../ui/Section.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

export function WebhooksPage() {
  return <RecordPage kind="webhook" icon="hook" above={({ record }) => <Deliveries webhook={String(record["id"])} />} />;
}

const TONES: Readonly<Record<WebhookDelivery["state"], Tone>> = { sent: "good", waiting: "warn", failed: "bad" };

function Deliveries({ webhook }: { readonly webhook: string }) {
  const client = useQueryClient();
  const query = useQuery({
    queryKey: ["webhook-deliveries", webhook],
    queryFn: () => request<WebhookDeliveryList>("/webhook-deliveries", { query: { webhook, limit: 20 } }),
    refetchInterval: 5000,
  });
  const test = useMutation({
    mutationFn: () => request<unknown>(`/webhooks/${encodeURIComponent(webhook)}/test`, { method: "POST" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["webhook-deliveries", webhook] }),
  });
  return (
    <Section title={t.admin.webhooks.deliveries}>
      <div className="mb-3 flex items-center justify-between gap-3">
        <p className="text-small text-soft">{t.admin.webhooks.testHelp}</p>
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          {t.admin.webhooks.test}
        </Button>
      </div>
      {test.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(test.error, t)}
        </Notice>
      )}
      <Loaded query={query} rows={2}>
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState icon="hook" title={t.admin.webhooks.none} />
          ) : (
            <ul className="divide-y divide-line rounded-xl border border-line">
              {items.map((delivery) => (
                <Delivery key={delivery.id} delivery={delivery} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function Delivery({ delivery }: { readonly delivery: WebhookDelivery }) {
  const now = useNow();
  return (
    <li className="px-3.5 py-2">
      <p className="flex items-center justify-between gap-2">
        <span className="text-small text-soft">
          {formatDay(delivery.at, now, t.locale, t.history)} {formatShortClock(delivery.at, t.locale)} · {delivery.topic}
        </span>
        <StatusMark tone={TONES[delivery.state]}>
          {t.admin.webhooks.states[delivery.state]}
          {delivery.status > 0 && ` (${delivery.status})`}
        </StatusMark>
      </p>
      {delivery.error !== "" && (
        <p className="text-small text-bad">
          {delivery.error} · {t.admin.webhooks.attempts(delivery.attempts)}
        </p>
      )}
    </li>
  );
}
