/** Where the link of an invitation leads: choose a password, then log in with it. */
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, type SyntheticEvent } from "react";
import { RequestFault, faultWords, faultsByField } from "../core/problem.ts";
import { characters } from "../core/schema.ts";
import { setupToken } from "../core/setup.ts";
import { redeemInvitation } from "../office/accounts.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Notice } from "../ui/Notice.tsx";
import { PasswordField } from "../ui/PasswordField.tsx";
import { EntryFrame } from "./EntryFrame.tsx";

const SHORTEST = 10;

export function InvitationPage() {
  const navigate = useNavigate();
  const [token] = useState(() => setupToken(window.location.hash, window.location.search));
  const [username] = useState(() => new URLSearchParams(window.location.hash.replace(/^#/, "")).get("user") ?? "");
  const [password, setPassword] = useState("");
  const [repeat, setRepeat] = useState("");
  const [sent, setSent] = useState(false);
  // The token does not stay in the address bar or the browser's history.
  useEffect(() => window.history.replaceState(window.history.state, "", window.location.pathname), []);
  const choice = useMutation({ mutationFn: () => redeemInvitation(token, password) });
  const toLogin = () => void navigate({ to: "/", replace: true });

  const dead = token === "" || (choice.error instanceof RequestFault && choice.error.status === 403);
  if (dead || choice.data !== undefined) {
    const { data } = choice;
    return (
      <main className="flex min-h-dvh items-center justify-center">
        <EmptyState
          icon={data === undefined ? "hook" : "check"}
          title={data === undefined ? t.admin.invitation.dead : t.admin.invitation.done}
          help={data === undefined ? t.admin.invitation.deadHelp : t.admin.invitation.doneHelp(data.username)}
        >
          <Button look="primary" onClick={toLogin}>
            {t.setup.toLogin}
          </Button>
        </EmptyState>
      </main>
    );
  }

  const short = characters(password) < SHORTEST;
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    setSent(true);
    if (!short && password === repeat) choice.mutate();
  };
  return (
    <EntryFrame title={t.admin.invitation.title} lead={t.admin.invitation.lead}>
      <form onSubmit={submit} noValidate className="flex flex-col gap-4">
        {username !== "" && (
          <p>
            {t.session.username}: <strong className="font-semibold">{username}</strong>
          </p>
        )}
        <input type="text" name="username" autoComplete="username" value={username} readOnly hidden />
        <PasswordField
          label={t.setup.password}
          name="new-password"
          autoComplete="new-password"
          autoFocus
          help={t.setup.passwordHelp(SHORTEST)}
          value={password}
          fault={sent && short ? t.setup.tooShort(SHORTEST) : faultsByField(choice.error)["password"]}
          onChange={(event) => setPassword(event.target.value)}
        />
        <PasswordField
          label={t.setup.repeat}
          name="repeat-password"
          autoComplete="new-password"
          value={repeat}
          fault={sent && password !== repeat ? t.setup.mismatch : undefined}
          onChange={(event) => setRepeat(event.target.value)}
        />
        {choice.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(choice.error, t)}
          </Notice>
        )}
        <Button type="submit" look="primary" busy={choice.isPending} className="mt-1">
          {t.admin.invitation.choose}
        </Button>
      </form>
    </EntryFrame>
  );
}
