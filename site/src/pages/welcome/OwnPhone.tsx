/** Whose phone this person has: the first administrator has none, and chooses among the extensions that nobody has. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { sessionQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { ownChoices } from "../../core/welcome.ts";
import { useLive } from "../../live/useLive.ts";
import { useMay } from "../../media/useMay.ts";
import { changeUser, USERS, usersQuery } from "../../office/accounts.ts";
import type { SessionView } from "../../schema.gen.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";
import { Select } from "../../ui/Select.tsx";

export interface OwnPhone {
  /** What is asked, or what has come of it; null where there is nothing to choose. */
  readonly offer: ReactNode;
  /** Keeps the choice with the user. Rejects where the node refuses; `offer` says why. */
  readonly save: () => Promise<void>;
}

/** `likely` is the extension whose phone was connected a moment ago. */
export function useOwnPhone(likely: string | undefined): OwnPhone {
  const session = useSession();
  const { user } = session;
  const may = useMay("users:write");
  const client = useQueryClient();
  const { data } = useLive();
  const users = useQuery({ ...usersQuery, enabled: may && user.extension === null }).data?.items;
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  const [given, setGiven] = useState(false);
  const choices = user.extension === null && users !== undefined ? ownChoices([...(data?.extensions.values() ?? [])], users) : [];
  const wanted = chosen ?? (choices.find(({ number }) => number === likely) ?? choices[0])?.number;
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
    if (wanted !== undefined && wanted !== "" && choices.length > 0) await saving.mutateAsync(wanted);
  };
  if (given && user.extension !== null) {
    const offer = (
      <Notice tone="plain" icon="check">
        {t.admin.welcome.ownGiven(user.extension)}
      </Notice>
    );
    return { offer, save };
  }
  if (choices.length === 0) return { offer: null, save };
  const offer = (
    <div className="flex flex-col gap-3 rounded-xl border border-line px-4 py-3">
      <Select
        label={t.admin.welcome.own}
        help={t.admin.welcome.ownHelp}
        value={wanted ?? ""}
        disabled={saving.isPending}
        options={[...choices.map(({ number, name }): readonly [string, string] => [number, `${number} · ${name}`]), ["", t.admin.welcome.ownNone]]}
        onChoose={setChosen}
      />
      {saving.error !== null && (
        <Notice tone="bad" alert>
          {faultWords(saving.error, t)}
        </Notice>
      )}
    </div>
  );
  return { offer, save };
}
