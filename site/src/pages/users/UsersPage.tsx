/** Who can sign in here, and as what. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { changed, type Change, type PageSearch } from "../../core/address.ts";
import { find } from "../../core/find.ts";
import { formatFull } from "../../core/time.ts";
import { changeUser, deleteUser, USERS, usersQuery, type Account, type AccountPatch } from "../../office/accounts.ts";
import { faultWords } from "../../core/problem.ts";
import { ROLES, type Role } from "../../core/access.ts";
import { useSession } from "../../shell/session.tsx";
import { useDirectory } from "../../live/useLive.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { DeleteButton } from "../../ui/DeleteButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { Panel } from "../../ui/Panel.tsx";
import { SearchBox } from "../../ui/SearchBox.tsx";
import { Section } from "../../ui/Section.tsx";
import { Select } from "../../ui/Select.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { ExtensionSelect } from "./ExtensionSelect.tsx";
import { InviteLink } from "./InviteLink.tsx";
import { NewUser } from "./NewUser.tsx";
import { NewPassword } from "./NewPassword.tsx";

const route = getRouteApi("/office/users");

export function UsersPage() {
  const { q = "", open } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(usersQuery);
  const go = (change: Change<PageSearch>, replace = false) => void navigate({ search: changed(change), replace, resetScroll: false });
  const close = () => go({ open: undefined });
  const opened = query.data?.items.find((user) => user.id === open);
  return (
    <>
      <PageHead title={t.nav.users} lead={t.admin.users.lead}>
        <Button look="primary" icon="plus" onClick={() => go({ open: "new" })}>
          {t.admin.users.add}
        </Button>
      </PageHead>
      <div className="mb-3">
        <SearchBox label={t.admin.users.search} value={q} onChange={(value) => go({ q: value }, true)} />
      </div>
      <Panel label={t.nav.users}>
        <Loaded query={query}>
          {({ items }) => {
            const shown = find(items.map((user) => ({ ...user, title: user.username, also: user.extension ?? "" })), q, 500);
            if (shown.length === 0) return <EmptyState icon="search" title={t.admin.users.none} />;
            return (
              <ul className="divide-y divide-line">
                {shown.map((user) => (
                  <Row key={user.id} user={user} query={q} />
                ))}
              </ul>
            );
          }}
        </Loaded>
      </Panel>
      <RoleHelp />
      {open === "new" && <NewUser onClose={close} />}
      {opened !== undefined && <UserDrawer key={opened.id} user={opened} onClose={close} />}
    </>
  );
}

function Row({ user, query }: { readonly user: Account; readonly query: string }) {
  const own = useSession().user.id === user.id;
  return (
    <li data-user={user.username} className="relative flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-3 hover:bg-hover sm:px-5">
      <Link
        to="/users"
        search={{ ...(query === "" ? {} : { q: query }), open: user.id }}
        resetScroll={false}
        className="min-w-0 flex-1 basis-40 truncate font-medium after:absolute after:inset-0 focus-visible:outline-none focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent"
      >
        {user.username}
        {own && <span className="pl-2 font-normal text-faint">{t.admin.users.you}</span>}
      </Link>
      <span className="text-soft sm:w-32">{t.admin.roles[user.role]}</span>
      <span className="w-16 text-soft tabular-nums max-sm:hidden">{user.extension}</span>
      <span className="flex w-40 justify-end max-sm:hidden">
        {!user.enabled ? (
          <StatusMark tone="plain">{t.admin.users.off}</StatusMark>
        ) : user.second_factor ? (
          <StatusMark tone="good">{t.admin.users.factor}</StatusMark>
        ) : (
          <StatusMark tone="warn">{t.admin.users.noFactor}</StatusMark>
        )}
      </span>
      <Icon name="chevronRight" className="size-4 text-faint" />
    </li>
  );
}

/** What the roles may do, in plain words, below the list. */
function RoleHelp() {
  return (
    <dl className="mt-5 grid gap-x-8 gap-y-2 px-1 text-small sm:grid-cols-2">
      {ROLES.toReversed().map((role) => (
        <div key={role}>
          <dt className="inline font-medium">{t.admin.roles[role]}: </dt>
          <dd className="inline text-soft">{t.admin.roleHelp[role]}</dd>
        </div>
      ))}
    </dl>
  );
}

function UserDrawer({ user, onClose }: { readonly user: Account; readonly onClose: () => void }) {
  const say = useSay();
  const client = useQueryClient();
  const directory = useDirectory();
  const own = useSession().user.id === user.id;
  const change = useMutation({
    mutationFn: (patch: AccountPatch) => changeUser(user.id, patch),
    onSuccess: () => {
      say(t.phones.saved);
      return client.invalidateQueries({ queryKey: USERS });
    },
  });
  return (
    <Dialog shape="side" label={user.username} onClose={onClose}>
      <DrawerHead title={user.username} lead={t.admin.users.since(formatFull(user.created_at, t.locale))} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {change.error !== null && (
          <div className="p-4 pb-0">
            <Notice tone="bad" alert>
              {faultWords(change.error, t)}
            </Notice>
          </div>
        )}
        <Section title={t.admin.users.mayDo}>
          <div className="flex flex-col gap-4">
            <Select
              label={t.admin.users.role}
              help={t.admin.roleHelp[user.role]}
              value={user.role}
              disabled={change.isPending}
              options={ROLES.toReversed().map((role) => [role, t.admin.roles[role]])}
              onChoose={(role) => change.mutate({ role: role as Role })}
            />
            <ExtensionSelect
              value={user.extension}
              directory={directory}
              onChoose={(extension) => change.mutate({ extension })}
            />
            <Switch
              label={t.admin.users.enabled}
              help={t.admin.users.enabledHelp}
              checked={user.enabled}
              disabled={own || change.isPending}
              onChange={(enabled) => change.mutate({ enabled })}
            />
          </div>
        </Section>
        {own ? (
          <p className="px-5 py-5 text-soft">
            {t.admin.users.ownHelp}{" "}
            <Link to="/account" className="font-medium text-accent hover:underline">
              {t.nav.account}
            </Link>
          </p>
        ) : (
          <>
            <Section title={t.session.password}>
              <div className="mb-4">
                <InviteLink id={user.id} username={user.username} />
              </div>
              <NewPassword username={user.username} onSet={(password) => change.mutateAsync({ password })} />
            </Section>
            <Section title={t.admin.account.factor}>
              <div className="flex flex-wrap items-center justify-between gap-3">
                <p className="max-w-64 text-small text-soft">{user.second_factor ? t.admin.users.factorLost : t.admin.users.noFactorHelp}</p>
                {user.second_factor && (
                  <Button busy={change.isPending} onClick={() => change.mutate({ second_factor: false })}>
                    {t.admin.account.factorRemove}
                  </Button>
                )}
              </div>
            </Section>
            <div className="flex justify-end px-5 pt-4 pb-6">
              <DeleteButton
                label={t.common.delete}
                title={t.admin.users.deleteTitle(user.username)}
                help={t.admin.users.deleteHelp}
                confirm={t.admin.users.deleteConfirm}
                onDelete={() => deleteUser(user.id)}
                onDone={() => {
                  say(t.admin.users.deleted(user.username));
                  onClose();
                  void client.invalidateQueries({ queryKey: USERS });
                }}
              />
            </div>
          </>
        )}
      </div>
    </Dialog>
  );
}
