/** A link by which somebody chooses the password themselves, shown once so that it can be sent. */
import { useMutation } from "@tanstack/react-query";
import { faultWords } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import { invite } from "../../office/accounts.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";

export function InviteLink({ id, username }: { readonly id: string; readonly username: string }) {
  const making = useMutation({ mutationFn: () => invite(id) });
  if (making.data === undefined) {
    return (
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="max-w-64 text-small text-soft">{t.admin.users.inviteHelp}</p>
          <Button icon="hook" busy={making.isPending} onClick={() => making.mutate()}>
            {t.admin.users.invite}
          </Button>
        </div>
        {making.error !== null && (
          <Notice tone="bad" alert>
            {faultWords(making.error, t)}
          </Notice>
        )}
      </div>
    );
  }
  const { token, expires_at: until } = making.data;
  const link = `${window.location.origin}/invitation#${new URLSearchParams({ token, user: username }).toString()}`;
  return (
    <Notice tone="warn" icon="hook">
      <p>{t.admin.users.invited(username, formatFull(until, t.locale))}</p>
      <p className="mt-2 flex items-center justify-between gap-2 rounded-lg bg-surface pl-3 text-ink">
        <code data-invitation className="min-w-0 py-1.5 font-mono text-small break-all">
          {link}
        </code>
        <CopyButton value={link} what={t.admin.users.link} />
      </p>
    </Notice>
  );
}
