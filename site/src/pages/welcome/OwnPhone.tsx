/** Whose phone this person has: the first administrator has none, and is offered the first extension that nobody has. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { sessionQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { ownChoice } from "../../core/welcome.ts";
import { useLive } from "../../live/useLive.ts";
import { useMay } from "../../media/useMay.ts";
import { changeUser, USERS, usersQuery } from "../../office/accounts.ts";
import type { SessionView } from "../../schema.gen.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Switch } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";

export interface OwnPhone {
  /** What is asked, or what has come of it; null where there is nothing to choose. */
  readonly offer: ReactNode;
  /** Keeps the choice with the user. Rejects where the node refuses; `offer` says why. */
  readonly save: () => Promise<void>;
}

export function useOwnPhone(): OwnPhone {
  const session = useSession();
  const { user } = session;
  const may = useMay("users:write");
  const client = useQueryClient();
  const { data } = useLive();
  const users = useQuery({ ...usersQuery, enabled: may && user.extension === null }).data?.items;
  const [wanted, setWanted] = useState(true);
  const [given, setGiven] = useState(false);
  const choice = user.extension === null && users !== undefined ? ownChoice([...(data?.extensions.values() ?? [])], users) : undefined;
  const saving = useMutation({
    mutationFn: (extension: string) => changeUser(user.id, { extension }),
    onSuccess: (changed) => {
      const now: SessionView = { ...session, user: { ...session.user, extension: changed.extension ?? null } };
      client.setQueryData(sessionQuery.queryKey, now);
      setGiven(true);
      return client.invalidateQueries({ queryKey: USERS });
    },
  });
  const save = async () => {
    if (choice !== undefined && wanted) await saving.mutateAsync(choice.number);
  };
  if (given && user.extension !== null) {
    const offer = (
      <Notice tone="plain" icon="check">
        {t.admin.welcome.ownGiven(user.extension)}
      </Notice>
    );
    return { offer, save };
  }
  if (choice === undefined) return { offer: null, save };
  const offer = (
    <div className="flex flex-col gap-3 rounded-xl border border-line px-4 py-3">
      <Switch label={t.admin.welcome.own(choice.number)} help={t.admin.welcome.ownHelp} checked={wanted} disabled={saving.isPending} onChange={setWanted} />
      {saving.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(saving.error, t)}
        </Notice>
      )}
    </div>
  );
  return { offer, save };
}
