/** Outbound routes in the order in which they are tried: dragged, or moved with the arrow keys. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { faultWords } from "../../core/problem.ts";
import type { Data } from "../../forms/json.ts";
import { MoveHandle } from "../../forms/MoveHandle.tsx";
import { moved } from "../../forms/fields/lists.tsx";
import { useSource } from "../../office/source.ts";
import { recordsQuery, useRecords, useRenew } from "../../records/data.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import { textOf } from "../../records/references.ts";
import { t } from "../../text/index.ts";
import { useSay } from "../../ui/toasts.tsx";

const STEP = 10;

function byPosition(a: Data, b: Data): number {
  return Number(a["position"]) - Number(b["position"]) || textOf(a["id"]).localeCompare(textOf(b["id"]));
}

export function OutboundRoutesPage() {
  const source = useSource();
  const client = useQueryClient();
  const renew = useRenew();
  const say = useSay();
  const { data = [] } = useRecords("outbound_route");
  const routes = data.toSorted(byPosition);

  // One after the other: each write says which state it was made from.
  const order = useMutation({
    scope: { id: "order of the routes" },
    mutationFn: async (wanted: readonly Data[]) => {
      for (const [index, route] of wanted.entries()) {
        const position = (index + 1) * STEP;
        const id = textOf(route["id"]);
        const { record, etag } = await source.get("outbound_route", id);
        if (record["position"] !== position) await source.replace("outbound_route", id, { ...record, position }, etag);
      }
    },
    onError: (fault) => say(faultWords(fault, t)),
    onSettled: renew,
  });
  const move = (from: number, to: number) => {
    const wanted = moved(routes, from, to).map((route, index) => ({ ...route, position: (index + 1) * STEP }));
    client.setQueryData(recordsQuery(source, "outbound_route").queryKey, wanted);
    order.mutate(wanted);
  };

  return (
    <RecordPage
      kind="outbound_route"
      icon="arrowRight"
      ordered={byPosition}
      {...(routes.length > 1
        ? {
            before: (key: string) => {
              const index = routes.findIndex((route) => route["id"] === key);
              return (
                <MoveHandle
                  label={textOf(routes[index]?.["name"])}
                  onUp={index > 0 ? () => move(index, index - 1) : undefined}
                  onDown={index < routes.length - 1 ? () => move(index, index + 1) : undefined}
                />
              );
            },
          }
        : {})}
    >
      <p className="mb-3 text-soft">{t.records.routes.orderHelp}</p>
    </RecordPage>
  );
}
