/** The assistant that answers texts, and callers while the office is offline: what it knows, how it speaks, and a try. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { readFacts, writeFacts, type Fact } from "../../core/facts.ts";
import { RequestFault } from "../../core/problem.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { putReceptionist, RECEPTIONIST, receptionistQuery } from "../../edge/receptionist.ts";
import type { Receptionist } from "../../edge/types.ts";
import type { Data } from "../../forms/json.ts";
import type { FormLayout } from "../../forms/layouts.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Facts } from "./Facts.tsx";
import { Held } from "./Held.tsx";
import { TryIt } from "./TryIt.tsx";

const LAYOUT: FormLayout = {
  sections: [{ fields: ["greeting", "greeting_closed", "tone", "language", "answers_texts"] }],
};

export function ReceptionistPage() {
  const query = useQuery(receptionistQuery);
  return (
    <>
      <PageHead title={t.nav.receptionist} lead={e.receptionist.lead} />
      <EdgeLoaded query={query} rows={8}>
        {(settings) => <Editor settings={settings} />}
      </EdgeLoaded>
    </>
  );
}

function Editor({ settings }: { readonly settings: Receptionist }) {
  const say = useSay();
  const may = useMay("receptionist:write");
  const client = useQueryClient();
  const [begun] = useState(settings);
  const [round, setRound] = useState(0);
  const [facts, setFacts] = useState<readonly Fact[]>(() => readFacts(settings.facts));
  const [form, setForm] = useState<Data>({ ...settings });
  const told = writeFacts(facts);
  const current = { ...settings, ...form, facts: told } as Receptionist;
  const save = useMutation({
    mutationFn: (value: Data) => putReceptionist({ ...settings, ...value, facts: told }),
    onSuccess: (saved) => {
      say(e.receptionist.saved);
      client.setQueryData(RECEPTIONIST, saved);
      setRound(round + 1);
    },
  });
  const faults = save.error instanceof RequestFault ? save.error.errors : [];
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-[minmax(0,1fr)_24rem]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card title={e.receptionist.facts}>
          <Facts facts={facts} locked={!may} onChange={setFacts} />
        </Card>
        <Card title={e.receptionist.manner}>
          <div className="px-4 pt-1 pb-5 sm:px-5">
            <SchemaForm
              key={round}
              write="Receptionist"
              editing
              omit={["facts"]}
              layout={LAYOUT}
              value={{ ...(round === 0 ? begun : settings) }}
              faults={faults}
              {...(may ? {} : { readOnly: true as const })}
              onChange={setForm}
              onSubmit={(value) => save.mutate(value)}
            >
              {({ dirty }) => (
                <div className="mt-5 flex flex-col gap-3">
                  {save.error !== null && (
                    <Notice tone="bad" alert>
                      {edgeFaultWords(save.error)}
                    </Notice>
                  )}
                  {may && (
                    <div className="sticky bottom-0 flex items-center justify-end gap-3 border-t border-line bg-surface py-3">
                      {told !== settings.facts && <span className="text-small text-soft">{e.receptionist.factsChanged}</span>}
                      <Button type="submit" look="primary" busy={save.isPending} disabled={!dirty && told === settings.facts}>
                        {t.common.save}
                      </Button>
                    </div>
                  )}
                </div>
              )}
            </SchemaForm>
          </div>
        </Card>
        <Held />
      </div>
      <Card title={e.receptionist.tryIt} className="lg:sticky lg:top-4">
        <TryIt settings={current} changed={told !== settings.facts || JSON.stringify(form) !== JSON.stringify(settings)} />
      </Card>
    </div>
  );
}
