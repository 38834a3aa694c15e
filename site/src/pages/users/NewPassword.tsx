/** A password made up for somebody else: set, and shown once so that it can be handed over. */
import { useState } from "react";
import { madeUpPassword } from "../../core/secret.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";

interface NewPasswordProps {
  readonly username: string;
  readonly onSet: (password: string) => Promise<unknown>;
}

export function NewPassword({ username, onSet }: NewPasswordProps) {
  const [made, setMade] = useState<string | undefined>(undefined);
  const [busy, setBusy] = useState(false);
  const set = () => {
    const password = madeUpPassword(crypto.getRandomValues(new Uint8Array(16)));
    setBusy(true);
    onSet(password)
      .then(
        () => setMade(password),
        () => undefined,
      )
      .finally(() => setBusy(false));
  };
  if (made !== undefined) return <HandOver username={username} password={made} />;
  return (
    <div className="flex flex-wrap items-center justify-between gap-3">
      <p className="max-w-64 text-small text-soft">{t.admin.users.passwordHelp}</p>
      <Button icon="key" busy={busy} onClick={set}>
        {t.admin.users.newPassword}
      </Button>
    </div>
  );
}

/** What the other person needs to log in, to be copied once. */
export function HandOver({ username, password }: { readonly username: string; readonly password: string }) {
  const words = `${window.location.origin}\n${t.session.username}: ${username}\n${t.session.password}: ${password}`;
  return (
    <Notice tone="warn" icon="key">
      <p>{t.admin.users.handOver(username)}</p>
      <p className="mt-2 flex items-center justify-between gap-2 rounded-lg bg-surface pl-3 text-ink">
        <code data-password className="min-w-0 py-1.5 font-mono break-all">
          {password}
        </code>
        <CopyButton value={words} what={t.admin.users.access} />
      </p>
    </Notice>
  );
}
