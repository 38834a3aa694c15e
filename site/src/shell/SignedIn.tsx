/** Who is logged in: the way to the own account, and out. */
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { logOut } from "../api/queries.ts";
import { faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useSay } from "../ui/toasts.tsx";
import { leave, useSession } from "./session.tsx";

export function MyAccount({ compact = false, onGo }: { readonly compact?: boolean; readonly onGo?: () => void }) {
  const { user } = useSession();
  return (
    <Link
      to="/account"
      title={t.session.signedInAs(user.username)}
      aria-label={`${t.nav.account}: ${user.username}`}
      onClick={onGo}
      className="flex min-h-10 min-w-0 items-center gap-2 rounded-lg px-2 text-small text-soft hover:bg-hover hover:text-ink md:min-h-9"
    >
      <Icon name="user" className="size-[1.125rem]" />
      {!compact && <span className="truncate">{user.username}</span>}
    </Link>
  );
}

export function LogOutButton() {
  const say = useSay();
  const out = useMutation({
    mutationFn: logOut,
    onSuccess: leave,
    onError: (fault) => say(faultWords(fault, t)),
  });
  return <IconButton icon="logOut" label={t.session.logOut} disabled={out.isPending} onClick={() => out.mutate()} />;
}
