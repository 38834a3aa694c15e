/** Name and password, then the second factor where the account has one. */
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { ELSEWHERE, HERE, offices } from "../api/place.ts";
import { logIn, setupQuery } from "../api/queries.ts";
import { RequestFault, faultWords } from "../core/problem.ts";
import { chooseMode } from "../office/mode.ts";
import { enter } from "../shell/session.tsx";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Field, Switch } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { PasswordField } from "../ui/PasswordField.tsx";
import { EntryFrame } from "./EntryFrame.tsx";

export function LoginPage() {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [asked, setAsked] = useState(false);
  const [stay, setStay] = useState(false);
  const { data: setup } = useQuery(setupQuery);
  const attempt = useMutation({
    mutationFn: () => logIn({ username, password, stay, ...(asked ? { code: code.trim() } : {}) }),
    onSuccess: enter,
    onError: (fault) => {
      if (wantsCode(fault)) setAsked(true);
    },
  });
  // The question for the code is no fault; a code that was given and is asked for again is wrong.
  const fault = attempt.error === null || (wantsCode(attempt.error) && code === "") ? "" : loginFault(attempt.error, asked);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  const back = () => {
    setAsked(false);
    setCode("");
    setPassword("");
    attempt.reset();
  };

  return (
    <EntryFrame title={t.session.loginTitle} lead={asked ? t.session.codeLead : leadWords()} footer={<OtherWays />}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {setup?.needed === true && (
          <Notice tone="plain" icon="user">
            {t.session.noAdminYet}
          </Notice>
        )}
        {asked ? (
          <Field
            key="code"
            label={t.session.code}
            help={t.session.codeHelp}
            name="code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        ) : (
          <>
            <Field
              label={t.session.username}
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              autoFocus
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            />
            <PasswordField
              label={t.session.password}
              name="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            {ELSEWHERE && <Switch label={t.connect.stay} checked={stay} onChange={setStay} />}
          </>
        )}
        {fault !== "" && (
          <Notice tone="bad" alert>
            {fault}
          </Notice>
        )}
        <div className="mt-1 flex gap-2">
          {asked && <Button onClick={back}>{t.session.back}</Button>}
          <Button type="submit" look="primary" busy={attempt.isPending} className="flex-1">
            {attempt.isPending ? t.session.loggingIn : t.session.logIn}
          </Button>
        </div>
      </form>
    </EntryFrame>
  );
}

/** What else one may have come for: another office, or documents without a node. */
function OtherWays() {
  const look = "inline-flex min-h-9 items-center rounded-lg px-2 text-small text-soft underline-offset-4 hover:text-ink hover:underline";
  return (
    <p className="mt-8 -ml-2 flex flex-wrap gap-x-3">
      {(ELSEWHERE || offices().length > 1) && (
        <Link to="/connect" className={look}>
          {t.session.otherOffice}
        </Link>
      )}
      <Link to="/documents" onClick={() => chooseMode("documents")} className={look}>
        {t.session.documents}
      </Link>
    </p>
  );
}

function leadWords(): string {
  const name = HERE.name || HERE.node.replace(/^https?:\/\//, "");
  return name === "" ? t.session.loginLead : t.connect.elsewhere(name);
}

function wantsCode(fault: Error): boolean {
  return fault instanceof RequestFault && fault.status === 401 && fault.slug.startsWith("second-factor");
}

function loginFault(fault: Error, asked: boolean): string {
  if (fault instanceof RequestFault && fault.status === 401) return asked ? t.session.codeWrong : t.session.wrong;
  return faultWords(fault, t);
}
