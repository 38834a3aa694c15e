/** What an administrator changes while the node runs, and what the node was started with. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { sessionQuery, settingsQuery } from "../../api/queries.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import type { Data } from "../../forms/json.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import type { OfficeSettings, StartupSettings } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { useSay } from "../../ui/toasts.tsx";

export function SettingsPage() {
  const query = useQuery(settingsQuery);
  return (
    <>
      <PageHead title={t.nav.settings} lead={t.admin.settings.lead} />
      <div className="grid items-start gap-4 lg:grid-cols-3 lg:gap-5">
        <Card title={t.admin.settings.office} className="lg:col-span-2">
          <Loaded query={query} rows={8}>
            {(settings) => <SettingsForm settings={settings} />}
          </Loaded>
        </Card>
        <Card title={t.admin.settings.start}>
          <StartSettings />
        </Card>
      </div>
    </>
  );
}

function SettingsForm({ settings }: { readonly settings: OfficeSettings }) {
  const say = useSay();
  const client = useQueryClient();
  const [round, setRound] = useState(0);
  const [begun] = useState(settings);
  const save = useMutation({
    mutationFn: (value: Data) => request<OfficeSettings>("/settings", { method: "PATCH", body: value }),
    onSuccess: (saved) => {
      say(t.phones.saved);
      client.setQueryData(settingsQuery.queryKey, saved);
      void client.invalidateQueries({ queryKey: sessionQuery.queryKey }); // it knows the zone
      setRound(round + 1);
    },
  });
  const faults = save.error instanceof RequestFault ? save.error.errors : [];
  return (
    <div className="px-4 pt-1 pb-5 sm:px-5">
      <SchemaForm
        key={round}
        write="OfficeSettings"
        editing
        value={{ ...(round === 0 ? begun : settings) }}
        faults={faults}
        onSubmit={(value) => save.mutate(value)}
      >
        {({ dirty }) => (
          <div className="mt-5 flex flex-col gap-3">
            {save.error !== null && faults.length === 0 && (
              <Notice tone="bad" alert>
                {faultWords(save.error, t)}
              </Notice>
            )}
            <div className="sticky bottom-0 flex justify-end gap-2 border-t border-line bg-surface py-3">
              <Button type="submit" look="primary" busy={save.isPending} disabled={!dirty}>
                {t.common.save}
              </Button>
            </div>
          </div>
        )}
      </SchemaForm>
    </div>
  );
}

/** Read only: they count from the next start, and stand in the node's options, environment or file. */
function StartSettings() {
  const [all, setAll] = useState(false);
  const query = useQuery({ queryKey: ["startup-settings"], queryFn: () => request<StartupSettings>("/settings/startup") });
  return (
    <Loaded query={query}>
      {({ items }) => {
        const shown = items.filter((each) => all || each.source !== "default");
        return (
          <div className="flex flex-col gap-3 px-4 pt-1 pb-5 sm:px-5">
            <p className="text-small text-pretty text-soft">{t.admin.settings.startHelp}</p>
            <Switch label={t.admin.settings.startAll} checked={all} onChange={setAll} />
            {shown.length === 0 && <p className="text-soft">{t.admin.settings.startNone}</p>}
            <dl className="flex flex-col gap-2.5">
              {shown.map((each) => (
                <div key={each.name} title={each.description}>
                  <dt className="flex justify-between gap-3 text-small text-faint">
                    <span className="font-mono">{each.option || each.name}</span>
                    <span>{t.admin.settings.sources[each.source]}</span>
                  </dt>
                  <dd className="break-words">{each.value || "—"}</dd>
                </div>
              ))}
            </dl>
          </div>
        );
      }}
    </Loaded>
  );
}
