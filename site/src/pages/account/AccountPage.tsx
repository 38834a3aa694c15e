/** The own account: password, second factor, how this browser looks, and the way out. */
import { useMutation } from "@tanstack/react-query";
import { useState, type SyntheticEvent } from "react";
import { whoIs } from "../../core/access.ts";
import { faultWords, faultsByField, RequestFault } from "../../core/problem.ts";
import { characters } from "../../core/schema.ts";
import { changePassword } from "../../office/accounts.ts";
import { LogOutButton } from "../../shell/SignedIn.tsx";
import { useSession } from "../../shell/session.tsx";
import { useTheme } from "../../shell/theme.ts";
import { chooseLanguage, language, LANGUAGES, t, type Language } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { PasswordField } from "../../ui/PasswordField.tsx";
import { Select } from "../../ui/Select.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { SecondFactor } from "./SecondFactor.tsx";
import { Sessions } from "./Sessions.tsx";

const SHORTEST = 10;

export function AccountPage() {
  const who = whoIs(useSession());
  return (
    <>
      <PageHead title={t.nav.account} lead={t.admin.account.lead(who.username, t.admin.roles[who.role])} />
      <div className="grid items-start gap-4 lg:grid-cols-2 lg:gap-5">
        <Card title={t.admin.account.password}>
          <PasswordForm />
        </Card>
        <Card title={t.admin.account.factor}>
          <SecondFactor />
        </Card>
        <Card title={t.admin.account.browser}>
          <Browser />
        </Card>
        <Card title={t.admin.account.sessions}>
          <Sessions />
        </Card>
      </div>
    </>
  );
}

function PasswordForm() {
  const say = useSay();
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [repeat, setRepeat] = useState("");
  const [sent, setSent] = useState(false);
  const change = useMutation({
    mutationFn: () => changePassword(old, next),
    onSuccess: () => {
      say(t.admin.account.passwordChanged);
      for (const clear of [setOld, setNext, setRepeat]) clear("");
      setSent(false);
    },
  });
  const short = sent && characters(next) < SHORTEST ? t.setup.tooShort(SHORTEST) : undefined;
  const different = sent && next !== repeat ? t.setup.mismatch : undefined;
  const wrong = change.error instanceof RequestFault && (change.error.status === 401 || change.error.slug === "wrong-password");
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setSent(true);
    if (characters(next) >= SHORTEST && next === repeat) change.mutate();
  };
  return (
    <form onSubmit={submit} noValidate className="flex flex-col gap-4 px-4 pt-1 pb-5 sm:px-5">
      <PasswordField
        label={t.admin.account.oldPassword}
        name="old-password"
        autoComplete="current-password"
        fault={wrong ? t.admin.account.oldWrong : undefined}
        value={old}
        onChange={(event) => setOld(event.target.value)}
      />
      <PasswordField
        label={t.admin.account.newPassword}
        name="new-password"
        autoComplete="new-password"
        help={t.setup.passwordHelp(SHORTEST)}
        fault={short ?? faultsByField(change.error)["new"]}
        value={next}
        onChange={(event) => setNext(event.target.value)}
      />
      <PasswordField
        label={t.setup.repeat}
        name="repeat-password"
        autoComplete="new-password"
        fault={different}
        value={repeat}
        onChange={(event) => setRepeat(event.target.value)}
      />
      {change.error !== null && !wrong && (
        <Notice tone="bad" alert>
          {faultWords(change.error, t)}
        </Notice>
      )}
      <p className="text-small text-faint">{t.admin.account.passwordEnds}</p>
      <div>
        <Button type="submit" look="primary" busy={change.isPending} disabled={old === "" || next === ""}>
          {t.admin.account.changePassword}
        </Button>
      </div>
    </form>
  );
}

function Browser() {
  const [theme, nextTheme] = useTheme();
  return (
    <div className="flex flex-col gap-4 px-4 pt-1 pb-5 sm:px-5">
      <Select
        label={t.shell.language}
        value={language}
        options={Object.entries(LANGUAGES)}
        onChoose={(chosen) => chooseLanguage(chosen as Language)}
      />
      <div className="flex flex-wrap items-center justify-between gap-3">
        <span>{t.admin.account.theme(t.theme[theme])}</span>
        <Button onClick={nextTheme}>{t.admin.account.nextTheme}</Button>
      </div>
      <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-3">
        <span className="text-soft">{t.admin.account.logOutHere}</span>
        <LogOutButton />
      </div>
    </div>
  );
}
