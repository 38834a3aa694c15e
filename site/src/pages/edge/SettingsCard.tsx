/** A card with the form of some settings of the edge. */
import { useMutation, useQuery, useQueryClient, type QueryKey } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { RequestFault } from "../../core/problem.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { Data } from "../../forms/json.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";

interface SettingsCardProps<T> {
  readonly title: string;
  readonly write: string;
  readonly queryKey: QueryKey;
  readonly ask: () => Promise<T>;
  readonly put: (value: T) => Promise<T>;
  readonly may: boolean;
  readonly children?: ReactNode;
}

export function SettingsCard<T extends object>({ title, write, queryKey, ask, put, may, children }: SettingsCardProps<T>) {
  const loading = useQuery({ queryKey, queryFn: ask });
  return (
    <Card title={title}>
      <div className="px-4 pt-1 pb-5 sm:px-5">
        {children}
        <EdgeLoaded query={loading} rows={5}>
          {(settings) => <Form settings={settings} write={write} queryKey={queryKey} put={put} may={may} />}
        </EdgeLoaded>
      </div>
    </Card>
  );
}

interface FormProps<T> {
  readonly settings: T;
  readonly write: string;
  readonly queryKey: QueryKey;
  readonly put: (value: T) => Promise<T>;
  readonly may: boolean;
}

function Form<T extends object>({ settings, write, queryKey, put, may }: FormProps<T>) {
  const say = useSay();
  const client = useQueryClient();
  const [round, setRound] = useState(0);
  const [begun] = useState(settings);
  const save = useMutation({
    mutationFn: (value: Data) => put(value as T),
    onSuccess: (saved) => {
      say(e.settings.saved);
      client.setQueryData(queryKey, saved);
      setRound(round + 1);
    },
  });
  const faults = save.error instanceof RequestFault ? save.error.errors : [];
  return (
    <SchemaForm key={round} write={write} editing value={{ ...(round === 0 ? begun : settings) } as Data} faults={faults} {...(may ? {} : { readOnly: true as const })} onSubmit={(value) => save.mutate(value)}>
      {({ dirty }) => (
        <div className="mt-5 flex flex-col gap-3">
          {save.error !== null && faults.length === 0 && (
            <Notice tone="bad" alert>
              {edgeFaultWords(save.error)}
            </Notice>
          )}
          {may && (
            <div className="flex justify-end border-t border-line pt-3">
              <Button type="submit" look="primary" busy={save.isPending} disabled={!dirty}>
                {t.common.save}
              </Button>
            </div>
          )}
        </div>
      )}
    </SchemaForm>
  );
}
