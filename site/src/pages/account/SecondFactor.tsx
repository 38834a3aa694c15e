/** The second factor: set up with a code from an app, recovery codes shown once, taken away with the password. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { sessionQuery } from "../../api/queries.ts";
import { whoIs } from "../../core/access.ts";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { beginFactor, confirmFactor, removeFactor, type FactorSetup } from "../../office/accounts.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PasswordField } from "../../ui/PasswordField.tsx";
import { QrCode } from "../../ui/QrCode.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";

export function SecondFactor() {
  const { secondFactor } = whoIs(useSession());
  const [codes, setCodes] = useState<readonly string[] | undefined>(undefined);
  const begin = useMutation({ mutationFn: beginFactor });
  const done = useKnown();

  const inside = () => {
    if (codes !== undefined) {
      return <RecoveryCodes codes={codes} onDone={() => setCodes(undefined)} />;
    }
    if (secondFactor) return <Active />;
    if (begin.data !== undefined) {
      return (
        <Confirm
          setup={begin.data}
          onCancel={begin.reset}
          onCodes={(given) => {
            setCodes(given);
            begin.reset();
            done(true);
          }}
        />
      );
    }
    return (
      <>
        <p className="text-pretty text-soft">{t.admin.account.factorHelp}</p>
        {begin.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(begin.error, t)}
          </Notice>
        )}
        <div>
          <Button look="primary" icon="shield" busy={begin.isPending} onClick={() => begin.mutate()}>
            {t.admin.account.factorBegin}
          </Button>
        </div>
      </>
    );
  };
  return <div className="flex flex-col gap-4 px-4 pt-1 pb-5 sm:px-5">{inside()}</div>;
}

/** Tells the session that it has, or no longer has, a second factor, without a reload. */
function useKnown(): (active: boolean) => void {
  const client = useQueryClient();
  return (active) =>
    client.setQueryData(sessionQuery.queryKey, (session) =>
      session === null || session === undefined ? session : { ...session, user: { ...session.user, second_factor: active }, second_factor: active },
    );
}

interface ConfirmProps {
  readonly setup: FactorSetup;
  readonly onCancel: () => void;
  readonly onCodes: (codes: readonly string[]) => void;
}

function Confirm({ setup, onCancel, onCodes }: ConfirmProps) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => confirmFactor(code.trim()),
    onSuccess: ({ recovery_codes }) => onCodes(recovery_codes),
  });
  const wrong = confirm.error instanceof RequestFault && confirm.error.slug === "wrong-code";
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <p className="text-pretty text-soft">{t.admin.account.scan}</p>
      <QrCode svg={setup.qr_svg} label={t.admin.account.qr} />
      <p className="flex items-center gap-2 rounded-xl border border-line pl-3.5">
        <span className="text-faint">{t.admin.account.byHand}</span>
        <span className="min-w-0 flex-1 py-2 font-mono text-small break-all">{setup.secret}</span>
        <CopyButton value={setup.secret} what={t.admin.account.byHand} />
      </p>
      <Field
        label={t.session.code}
        help={t.admin.account.codeHelp}
        fault={wrong ? t.session.codeWrong : undefined}
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={10}
        value={code}
        onChange={(event) => setCode(event.target.value)}
      />
      {confirm.error !== null && !wrong && (
        <Notice tone="bad" alert>
          {faultWords(confirm.error, t)}
        </Notice>
      )}
      <div className="flex gap-2">
        <Button onClick={onCancel}>{t.common.cancel}</Button>
        <Button type="submit" look="primary" busy={confirm.isPending} disabled={code.trim().length < 6}>
          {t.admin.account.factorConfirm}
        </Button>
      </div>
    </form>
  );
}

function RecoveryCodes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  return (
    <>
      <Notice tone="warn" icon="key">
        {t.admin.account.recoveryHelp}
      </Notice>
      <ul aria-label={t.admin.account.recovery} className="grid grid-cols-2 gap-x-6 gap-y-1.5 rounded-xl border border-line p-4 font-mono text-small">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className="flex items-center justify-between">
        <CopyButton value={codes.join("\n")} what={t.admin.account.recovery} />
        <Button look="primary" onClick={onDone}>
          {t.admin.account.recoveryKept}
        </Button>
      </div>
    </>
  );
}

function Active() {
  const [password, setPassword] = useState("");
  const [asking, setAsking] = useState(false);
  const known = useKnown();
  const removal = useMutation({
    mutationFn: () => removeFactor(password),
    onSuccess: () => known(false),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    removal.mutate();
  };
  if (!asking) {
    return (
      <>
        <div>
          <StatusMark tone="good">{t.admin.account.factorOn}</StatusMark>
        </div>
        <p className="text-pretty text-soft">{t.admin.account.factorOnHelp}</p>
        <div>
          <Button onClick={() => setAsking(true)}>{t.admin.account.factorRemove}</Button>
        </div>
      </>
    );
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <PasswordField
        label={t.session.password}
        name="password"
        autoComplete="current-password"
        help={t.admin.account.factorRemoveHelp}
        fault={removal.error === null ? undefined : removal.error instanceof RequestFault && removal.error.status === 401 ? t.admin.account.oldWrong : faultWords(removal.error, t)}
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <div className="flex gap-2">
        <Button onClick={() => setAsking(false)}>{t.common.cancel}</Button>
        <Button type="submit" look="danger" busy={removal.isPending} disabled={password === ""}>
          {t.admin.account.factorRemove}
        </Button>
      </div>
    </form>
  );
}
