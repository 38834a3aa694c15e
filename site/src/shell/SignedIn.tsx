import { useMutation } from "@tanstack/react-query";
import { logOut } from "../api/queries.ts";
import { faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { useSay } from "../ui/toasts.tsx";
import { leave, useSession } from "./session.tsx";

export function SignedIn({ compact = false }: { readonly compact?: boolean }) {
  const { user } = useSession();
  const say = useSay();
  const out = useMutation({
    mutationFn: logOut,
    onSuccess: leave,
    onError: (fault) => say(faultWords(fault, t)),
  });
  return (
    <span className="flex min-w-0 items-center gap-1">
      <IconButton icon="logOut" label={t.session.logOut} disabled={out.isPending} onClick={() => out.mutate()} />
      <span
        className={compact ? "sr-only" : "min-w-0 truncate text-small text-soft"}
        title={t.session.signedInAs(user.username)}
      >
        {user.username}
      </span>
    </span>
  );
}
