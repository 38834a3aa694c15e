import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { SyntheticEvent } from "react";
import { useEffect, useState } from "react";
import { setUp, setupQuery } from "../api/queries.ts";
import { RequestFault, faultWords, faultsByField } from "../core/problem.ts";
import { characters } from "../core/schema.ts";
import { setupToken } from "../core/setup.ts";
import { enter } from "../shell/session.tsx";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Field } from "../ui/Field.tsx";
import { Notice } from "../ui/Notice.tsx";
import { PasswordField } from "../ui/PasswordField.tsx";
import { EntryFrame } from "./EntryFrame.tsx";

const SHORTEST_PASSWORD = 10;

export function SetupPage() {
  const navigate = useNavigate();
  const [token] = useState(() => setupToken(window.location.hash, window.location.search));
  const { data: setup } = useQuery(setupQuery);

  // The token is worth an administrator: it does not stay in the address bar or the browser's history.
  useEffect(() => window.history.replaceState(window.history.state, "", window.location.pathname), []);

  const toLogin = () => void navigate({ to: "/", replace: true });
  if (setup?.needed === false) return <Closed title={t.setup.spent} help={t.setup.spentHelp} onLogin={toLogin} />;
  if (token === "") return <Closed title={t.setup.noToken} help={t.setup.noTokenHelp} onLogin={toLogin} />;
  return <SetupForm token={token} onDone={toLogin} />;
}

function Closed(props: { readonly title: string; readonly help: string; readonly onLogin: () => void }) {
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState icon="user" title={props.title} help={props.help}>
        <Button look="primary" onClick={props.onLogin}>
          {t.setup.toLogin}
        </Button>
      </EmptyState>
    </main>
  );
}

function SetupForm({ token, onDone }: { readonly token: string; readonly onDone: () => void }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [checked, setChecked] = useState(false);
  const creation = useMutation({
    mutationFn: () => setUp(token, username.trim(), password),
    onSuccess: (session) => {
      enter(session);
      onDone();
    },
  });
  const faults = checked ? ownFaults(username, password, repeat) : {};
  const nodeFaults = faultsByField(creation.error);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setChecked(true);
    if (Object.keys(ownFaults(username, password, repeat)).length === 0) creation.mutate();
  };

  return (
    <EntryFrame title={t.setup.title} lead={t.setup.lead}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        <Field
          label={t.setup.username}
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          autoFocus
          value={username}
          fault={faults.username ?? nodeFaults["username"]}
          onChange={(event) => setUsername(event.target.value)}
        />
        <PasswordField
          label={t.setup.password}
          name="new-password"
          autoComplete="new-password"
          help={t.setup.passwordHelp(SHORTEST_PASSWORD)}
          value={password}
          fault={faults.password ?? nodeFaults["password"]}
          onChange={(event) => setPassword(event.target.value)}
        />
        <PasswordField
          label={t.setup.repeat}
          name="repeat-password"
          autoComplete="new-password"
          value={repeat}
          fault={faults.repeat}
          onChange={(event) => setRepeat(event.target.value)}
        />
        {creation.error !== null && (
          <Notice tone="bad" alert>
            {setupFault(creation.error)}
          </Notice>
        )}
        <Button type="submit" look="primary" busy={creation.isPending} className="mt-1">
          {creation.isPending ? t.setup.creating : t.setup.create}
        </Button>
      </form>
    </EntryFrame>
  );
}

interface OwnFaults {
  username?: string;
  password?: string;
  repeat?: string;
}

function ownFaults(username: string, password: string, repeat: string): OwnFaults {
  return {
    ...(username.trim() === "" && { username: t.setup.needUsername }),
    ...(characters(password) < SHORTEST_PASSWORD && { password: t.setup.tooShort(SHORTEST_PASSWORD) }),
    ...(password !== repeat && { repeat: t.setup.mismatch }),
  };
}

function setupFault(fault: Error): string {
  const spent = fault instanceof RequestFault && (fault.status === 403 || fault.status === 409);
  return spent ? `${t.setup.spent}. ${t.setup.spentHelp}` : faultWords(fault, t);
}
