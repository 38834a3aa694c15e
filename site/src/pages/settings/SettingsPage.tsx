/** What an administrator changes while the node runs, and what the node was started with. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { settingsQuery, statusQuery } from "../../api/queries.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import type { Data } from "../../forms/json.ts";
import { SchemaForm } from "../../forms/SchemaForm.tsx";
import type { OfficeSettings } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
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
  const query = useQuery(statusQuery);
  return (
    <Loaded query={query}>
      {({ status }) => (
        <div className="flex flex-col gap-3 px-4 pt-1 pb-5 sm:px-5">
          <p className="text-small text-pretty text-soft">{t.admin.settings.startHelp}</p>
          <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
            {(
              [
                [t.admin.settings.address, status.address],
                [t.admin.settings.sipPort, String(status.sip_port)],
                [t.admin.settings.httpPort, String(status.http_port)],
                [t.admin.settings.rtpPorts, `${status.rtp_port_min}–${status.rtp_port_max}`],
                [t.dashboard.version, status.version],
              ] as const
            ).map(([term, value]) => (
              <div key={term} className="contents">
                <dt className="text-faint">{term}</dt>
                <dd className="min-w-0 text-right break-words tabular-nums">{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      )}
    </Loaded>
  );
}
