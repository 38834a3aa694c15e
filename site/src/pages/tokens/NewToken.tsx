import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { faultWords } from "../../core/problem.ts";
import { expiresAt, WISHES, type Wish } from "../../core/scopes.ts";
import { createToken, TOKENS } from "../../office/accounts.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";

const LIVES = [30, 90, 365, 0] as const;

/** A program says what it wants to do in plain words; the secret is shown once. */
export function NewToken({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [wishes, setWishes] = useState<ReadonlySet<Wish["name"]>>(new Set());
  const [days, setDays] = useState<number>(90);
  const [sent, setSent] = useState(false);
  const creation = useMutation({
    mutationFn: () =>
      createToken({
        name: name.trim(),
        scopes: WISHES.filter((wish) => wishes.has(wish.name)).flatMap((wish) => wish.scopes),
        expires_at: expiresAt(Date.now(), days),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: TOKENS }),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setSent(true);
    if (name.trim() !== "" && wishes.size > 0) creation.mutate();
  };
  const toggle = (wish: Wish["name"], on: boolean) =>
    setWishes(new Set(on ? [...wishes, wish] : [...wishes].filter((each) => each !== wish)));
  return (
    <Dialog shape="side" label={t.admin.tokens.newTitle} onClose={onClose}>
      <DrawerHead title={t.admin.tokens.newTitle} lead={t.admin.tokens.newLead} onClose={onClose} />
      {creation.data !== undefined ? (
        <Secret secret={creation.data.secret} onClose={onClose} />
      ) : (
        <form onSubmit={submit} noValidate className="flex min-h-0 flex-1 flex-col gap-5 overflow-y-auto p-5">
          <Field
            label={t.admin.tokens.name}
            help={t.admin.tokens.nameHelp}
            data-focus-first
            name="name"
            autoComplete="off"
            maxLength={80}
            fault={sent && name.trim() === "" ? t.form.required : undefined}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <fieldset className="flex flex-col gap-1">
            <legend className="mb-1 font-medium">{t.admin.tokens.mayDo}</legend>
            {WISHES.map((wish) => (
              <label key={wish.name} className="flex items-start gap-3 rounded-lg px-2 py-1.5 hover:bg-hover">
                <input
                  type="checkbox"
                  name={wish.name}
                  checked={wishes.has(wish.name)}
                  onChange={(event) => toggle(wish.name, event.target.checked)}
                  className="mt-1 size-4 accent-accent"
                />
                <span>
                  {t.admin.tokens.wishes[wish.name].label}
                  <span className="block text-small text-faint">{t.admin.tokens.wishes[wish.name].help}</span>
                </span>
              </label>
            ))}
            {sent && wishes.size === 0 && <p className="text-small text-bad">{t.admin.tokens.needsWish}</p>}
          </fieldset>
          <Select
            label={t.admin.tokens.lives}
            help={days === 0 ? t.admin.tokens.foreverHelp : undefined}
            value={String(days)}
            options={LIVES.map((each) => [String(each), each === 0 ? t.admin.tokens.forEver : t.admin.tokens.days(each)])}
            onChoose={(chosen) => setDays(Number(chosen))}
          />
          {creation.error !== null && (
            <Notice tone="bad" alert>
              {faultWords(creation.error, t)}
            </Notice>
          )}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button type="submit" look="primary" busy={creation.isPending}>
              {t.admin.tokens.create}
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Secret({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <div className="flex flex-col gap-5 p-5">
      <Notice tone="warn" icon="key">
        <p>{t.admin.tokens.secretHelp}</p>
        <p className="mt-2 flex items-center justify-between gap-2 rounded-lg bg-surface pl-3 text-ink">
          <code data-secret className="min-w-0 py-1.5 font-mono text-small break-all">
            {secret}
          </code>
          <CopyButton value={secret} what={t.admin.tokens.secret} />
        </p>
      </Notice>
      <p className="text-small text-soft">
        {t.admin.tokens.useIt} <code className="font-mono">Authorization: Bearer …</code>
      </p>
      <Button look="primary" onClick={onClose} className="self-end">
        {t.admin.done}
      </Button>
    </div>
  );
}
