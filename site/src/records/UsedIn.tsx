/** What names a record, with ways there. */
import { useState } from "react";
import type { Kind } from "../office/kinds.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { useUsers } from "./data.ts";
import { RecordLink } from "./links.tsx";
import type { User } from "./references.ts";

const FEW = 6;

export function UsedIn({ kind, recordKey }: { readonly kind: Kind; readonly recordKey: string }) {
  const { data } = useUsers(kind, recordKey);
  if (data === undefined) return null;
  if (data.length === 0) return <p className="text-faint">{t.records.drawer.usedNowhere}</p>;
  return <UserList users={data} />;
}

export function UserList({ users }: { readonly users: readonly User[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? users : users.slice(0, FEW);
  return (
    <>
      <ul className="flex flex-col gap-1">
        {shown.map((user) => (
          <li key={`${user.kind.name} ${user.key}`} className="flex min-w-0 items-baseline gap-2">
            <RecordLink kind={user.kind.name} recordKey={user.key} className="min-w-0 truncate font-medium text-accent hover:underline">
              {user.kind.key === "id" && user.name !== "" ? user.name : `${user.key} ${user.name}`}
            </RecordLink>
            <span className="shrink-0 text-small text-faint">{t.records.kinds[user.kind.name]?.one ?? user.kind.name}</span>
          </li>
        ))}
      </ul>
      {users.length > shown.length && (
        <Button look="quiet" onClick={() => setAll(true)}>
          {t.records.drawer.showAll(users.length)}
        </Button>
      )}
    </>
  );
}
