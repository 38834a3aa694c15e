/** The number people outside dial to reach this phone: which it has, or a new one that rings here at once. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { changeExtension } from "../../api/queries.ts";
import { readable } from "../../core/outside.ts";
import { edgeFaultWords, isWithoutEdge } from "../../edge/EdgeLoaded.tsx";
import { numbersQuery } from "../../edge/numbers.ts";
import type { Extension } from "../../schema.gen.ts";
import { e } from "../../text/edge.ts";
import { Button } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Section } from "../../ui/Section.tsx";
import { useRenew } from "../../records/data.ts";
import { BuyNumber } from "../outside/BuyNumber.tsx";

interface InboundNumberPage {
  readonly items: readonly { readonly number: string; readonly destination: string }[];
}

const INBOUND = ["inbound-numbers", "of extension"] as const;

export function OutsideNumberSection({ extension }: { readonly extension: Extension }) {
  const [buying, setBuying] = useState(false);
  const client = useQueryClient();
  const renew = useRenew();
  const at = useQuery(numbersQuery({}));
  const inbound = useQuery({ queryKey: INBOUND, queryFn: () => request<InboundNumberPage>("/inbound-numbers", { query: { limit: 1000 } }) });
  const lead = useMutation({
    mutationFn: (number: string) => show(number, extension),
    onSettled: async () => {
      await client.invalidateQueries({ queryKey: INBOUND });
      await renew();
    },
  });
  // An office without an edge buys its numbers elsewhere.
  if (isWithoutEdge(at.error)) return null;
  const own = (inbound.data?.items ?? []).filter((each) => each.destination === extension.number);
  return (
    <Section title={e.numbers.ofExtension}>
      {own.length > 0 ? (
        <ul className="flex flex-col gap-1">
          {own.map((each) => (
            <li key={each.number} data-own-number={each.number} className="font-medium">
              {readable(each.number)}
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-soft">{e.numbers.ofExtensionNone}</p>
      )}
      {at.data !== undefined && (
        <Button className="mt-3" icon="plus" busy={lead.isPending} onClick={() => setBuying(true)}>
          {e.numbers.giveExtension}
        </Button>
      )}
      {lead.error !== null && (
        <div className="mt-3">
          <Notice tone="bad" alert>
            {edgeFaultWords(lead.error)}
          </Notice>
        </div>
      )}
      {buying && <BuyNumber extension={extension} onClose={() => setBuying(false)} onBought={(number) => lead.mutate(number)} />}
    </Section>
  );
}

/** Calls from here show the number, unless another one is shown already. */
async function show(number: string, extension: Extension): Promise<void> {
  if (extension.outside_number === null) await changeExtension(extension.number, { outside_number: number });
}
