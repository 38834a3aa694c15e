/** How texts are handled, who does not want any, and the removal of somebody's data. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { readable } from "../../core/outside.ts";
import { formatFull } from "../../core/time.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { CONSENTS, consentsQuery, erase, getTextSettings, putConsent, putTextSettings, TEXT_SETTINGS } from "../../edge/settings.ts";
import { plainNumber } from "../../forms/phoneNumber.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { SettingsCard } from "./SettingsCard.tsx";

export function TextsTab() {
  const may = useMay("texts:write");
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-4 lg:grid-cols-2">
      <SettingsCard title={e.settings.texts} write="TextSettings" queryKey={TEXT_SETTINGS} ask={getTextSettings} put={putTextSettings} may={may} />
      <div className="flex min-w-0 flex-col gap-4">
        <OptedOut may={may} />
        {may && <Erase />}
      </div>
    </div>
  );
}

function OptedOut({ may }: { readonly may: boolean }) {
  const [q, setQ] = useState("");
  const [number, setNumber] = useState("");
  const say = useSay();
  const client = useQueryClient();
  const query = useQuery(consentsQuery(q));
  const put = useMutation({
    mutationFn: () => putConsent({ number: plainNumber(number), ours: null, opted_out: true }),
    onSuccess: () => setNumber(""),
    onSettled: () => client.invalidateQueries({ queryKey: CONSENTS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <Card title={e.settings.optedOut}>
      <div className="flex flex-col gap-3 px-4 pb-5 sm:px-5">
        <p className="text-small text-pretty text-soft">{e.settings.optedOutHelp}</p>
        <SearchBox label={e.settings.searchNumber} value={q} onChange={setQ} />
        <EdgeLoaded query={query} rows={2}>
          {({ items }) =>
            items.length === 0 ? (
              <p className="text-soft">{q === "" ? e.settings.nobodyOptedOut : e.settings.notOptedOut}</p>
            ) : (
              <ul className="max-h-72 divide-y divide-line overflow-y-auto rounded-xl border border-line">
                {items.map((each) => (
                  <li key={`${each.number} ${each.ours}`} className="flex flex-wrap justify-between gap-x-4 px-3.5 py-2">
                    <span className="font-medium">{readable(each.number)}</span>
                    <span className="text-small text-faint">
                      {each.opted_out ? e.settings.how[each.how] : e.settings.backAgain} · {formatFull(new Date(each.at).toISOString(), t.locale)}
                    </span>
                  </li>
                ))}
              </ul>
            )
          }
        </EdgeLoaded>
        {may && (
          <form
            className="flex items-end gap-2"
            onSubmit={(event) => {
              event.preventDefault();
              put.mutate();
            }}
          >
            <div className="min-w-0 flex-1">
              <Field label={e.settings.optOutNumber} type="tel" value={number} onChange={(event) => setNumber(event.target.value)} />
            </div>
            <Button type="submit" busy={put.isPending} disabled={number.trim() === ""}>
              {e.settings.optOut}
            </Button>
          </form>
        )}
      </div>
    </Card>
  );
}

function Erase() {
  const [number, setNumber] = useState("");
  const [asking, setAsking] = useState(false);
  const client = useQueryClient();
  const go = useMutation({
    mutationFn: () => erase(plainNumber(number)),
    onSuccess: () => {
      setNumber("");
      void client.invalidateQueries();
    },
    onSettled: () => setAsking(false),
  });
  const { data: receipt } = go;
  return (
    <Card title={e.settings.erase}>
      <form
        className="flex flex-col gap-3 px-4 pb-5 sm:px-5"
        onSubmit={(event) => {
          event.preventDefault();
          setAsking(true);
        }}
      >
        <p className="text-small text-pretty text-soft">{e.settings.eraseHelp}</p>
        <Field label={e.settings.number} type="tel" value={number} onChange={(event) => setNumber(event.target.value)} />
        <Button type="submit" look="danger" className="self-start" disabled={number.trim() === ""}>
          {e.settings.eraseNow}
        </Button>
        {go.error !== null && (
          <Notice tone="bad" alert>
            {edgeFaultWords(go.error)}
          </Notice>
        )}
        {receipt !== undefined && (
          <Notice tone="plain" icon="check">
            <p className="font-medium">{e.settings.erased}</p>
            <p className="text-small">{e.settings.receipt(receipt.id, Object.values(receipt.erased).reduce((sum, each) => sum + each, 0), receipt.at_twilio)}</p>
          </Notice>
        )}
      </form>
      {asking && (
        <Confirm
          title={e.settings.eraseAsk(number)}
          help={e.settings.eraseAskHelp}
          onClose={() => setAsking(false)}
          cancel={
            <Button data-focus-first onClick={() => setAsking(false)}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button look="danger" busy={go.isPending} onClick={() => go.mutate()}>
              {e.settings.eraseNow}
            </Button>
          }
        />
      )}
    </Card>
  );
}
