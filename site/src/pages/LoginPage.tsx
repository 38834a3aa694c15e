import { useMutation, useQuery } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { useState } from "react";
import { logIn, setupQuery } from "../api/queries.ts";
import { RequestFault, faultWords } from "../core/problem.ts";
import { enter } from "../shell/session.tsx";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { PasswordField } from "../ui/PasswordField.tsx";
import { EntryFrame } from "./EntryFrame.tsx";

export function LoginPage() {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const { data: setup } = useQuery(setupQuery);
  const attempt = useMutation({ mutationFn: () => logIn(username, password), onSuccess: enter });

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    attempt.mutate();
  };

  return (
    <EntryFrame title={t.session.loginTitle} lead={t.session.loginLead}>
      <form onSubmit={submit} className="flex flex-col gap-4">
        {setup?.needed === true && (
          <Notice tone="plain" icon="user">
            {t.session.noAdminYet}
          </Notice>
        )}
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
        {attempt.error !== null && (
          <Notice tone="bad" alert>
            {loginFault(attempt.error)}
          </Notice>
        )}
        <Button type="submit" look="primary" busy={attempt.isPending} className="mt-1">
          {attempt.isPending ? t.session.loggingIn : t.session.logIn}
        </Button>
      </form>
    </EntryFrame>
  );
}

function loginFault(fault: Error): string {
  if (fault instanceof RequestFault && fault.status === 401) return t.session.wrong;
  return faultWords(fault, t);
}
