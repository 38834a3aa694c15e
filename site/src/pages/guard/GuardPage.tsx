/** Who is kept out at the door, and whose phones show a wrong password. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { request } from "../../api/client.ts";
import { refusedQuery } from "../../api/queries.ts";
import { faultWords, faultsByField } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import type { Ban, BanList, RefusedSignIn } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { DeleteButton } from "../../ui/DeleteButton.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Card } from "../../ui/Card.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";

const BANS = ["bans"];

export function GuardPage() {
  const bans = useQuery({ queryKey: BANS, queryFn: () => request<BanList>("/bans", { query: { limit: 200 } }), refetchInterval: 10_000 });
  const refused = useQuery(refusedQuery);
  return (
    <>
      <PageHead title={t.nav.guard} lead={t.admin.guard.lead} />
      <div className="flex flex-col gap-5">
        <Card title={t.admin.guard.refused}>
          <Loaded query={refused} rows={2}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState icon="check" title={t.admin.guard.refusedNone} />
              ) : (
                <ul className="divide-y divide-line border-t border-line">
                  {items.map((each) => (
                    <Refused key={`${each.address} ${each.extension}`} refused={each} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Card>
        <Card title={t.admin.guard.bans}>
          <NewBan />
          <Loaded query={bans} rows={2}>
            {({ items }) =>
              items.length === 0 ? (
                <EmptyState icon="shield" title={t.admin.guard.bansNone} help={t.admin.guard.bansNoneHelp} />
              ) : (
                <ul className="divide-y divide-line border-t border-line">
                  {items.map((ban) => (
                    <BanRow key={ban.address} ban={ban} />
                  ))}
                </ul>
              )
            }
          </Loaded>
        </Card>
      </div>
    </>
  );
}

function Refused({ refused }: { readonly refused: RefusedSignIn }) {
  return (
    <li className="flex flex-wrap items-start justify-between gap-x-4 gap-y-1 px-4 py-3 sm:px-5">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">
          {refused.extension} <span className="font-normal text-faint">{refused.address}</span>
        </p>
        <p className="text-pretty text-soft">{refused.notice}</p>
        <p className="text-small text-faint">{refused.user_agent}</p>
      </div>
      <StatusMark tone={refused.banned ? "bad" : "warn"}>{t.admin.guard.failures(refused.failures)}</StatusMark>
    </li>
  );
}

function BanRow({ ban }: { readonly ban: Ban }) {
  const say = useSay();
  const client = useQueryClient();
  return (
    <li data-ban={ban.address} className="flex items-start gap-3 py-3 pr-3 pl-4 sm:pl-5">
      <div className="min-w-0 flex-1">
        <p className="font-medium tabular-nums">{ban.address}</p>
        <p className="text-pretty text-soft">{ban.notice}</p>
        <p className="text-small text-faint">
          {t.admin.guard.since(formatFull(ban.since, t.locale))} ·{" "}
          {ban.until === null ? t.admin.guard.untilLifted : t.admin.guard.until(formatFull(ban.until, t.locale))}
        </p>
      </div>
      <DeleteButton
        compact
        label={t.admin.guard.lift(ban.address)}
        title={`${t.admin.guard.lift(ban.address)}?`}
        help={t.admin.guard.liftHelp}
        confirm={t.admin.guard.liftConfirm}
        onDelete={() => request<undefined>(`/bans/${encodeURIComponent(ban.address)}`, { method: "DELETE" })}
        onDone={() => {
          say(t.admin.guard.lifted(ban.address));
          void client.invalidateQueries({ queryKey: BANS });
        }}
      />
    </li>
  );
}

function NewBan() {
  const client = useQueryClient();
  const [address, setAddress] = useState("");
  const creation = useMutation({
    mutationFn: () => request<Ban>("/bans", { method: "POST", body: { address: address.trim() } }),
    onSuccess: () => {
      setAddress("");
      return client.invalidateQueries({ queryKey: BANS });
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    creation.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-wrap items-end gap-3 px-4 pb-4 sm:px-5">
      <div className="min-w-0 flex-1 basis-60">
        <Field
          label={t.admin.guard.address}
          name="address"
          placeholder="192.0.2.7"
          autoComplete="off"
          spellCheck={false}
          fault={faultsByField(creation.error)["address"]}
          value={address}
          onChange={(event) => setAddress(event.target.value)}
        />
      </div>
      <Button type="submit" busy={creation.isPending} disabled={address.trim() === ""}>
        {t.admin.guard.ban}
      </Button>
      {creation.error !== null && faultsByField(creation.error)["address"] === undefined && (
        <Notice tone="bad" alert>
          {faultWords(creation.error, t)}
        </Notice>
      )}
    </form>
  );
}
