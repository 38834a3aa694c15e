/** Where one is logged in, and the way out of each place. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { browserName } from "../../core/browser.ts";
import { faultWords } from "../../core/problem.ts";
import { formatFull } from "../../core/time.ts";
import { endSession, OWN_SESSIONS, ownSessionsQuery } from "../../office/accounts.ts";
import type { OwnSession } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Loaded } from "../../ui/Loaded.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";

export function Sessions() {
  const query = useQuery(ownSessionsQuery);
  const client = useQueryClient();
  const end = useMutation({
    mutationFn: endSession,
    onSettled: () => client.invalidateQueries({ queryKey: OWN_SESSIONS }),
  });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <>
          {end.error !== null && (
            <div className="px-4 pb-3 sm:px-5">
              <Notice tone="bad" alert>
                {faultWords(end.error, t)}
              </Notice>
            </div>
          )}
          <ul className="divide-y divide-line border-t border-line">
            {items.map((session) => (
              <li key={session.id} data-session={session.kind} className="flex items-center justify-between gap-4 px-4 py-3 sm:px-5">
                <Place session={session} />
                {session.current ? (
                  <StatusMark tone="good">{t.admin.account.here}</StatusMark>
                ) : (
                  <Button busy={end.isPending && end.variables === session.id} onClick={() => end.mutate(session.id)}>
                    {t.admin.account.end}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  );
}

function Place({ session }: { readonly session: OwnSession }) {
  const { kind, name, source, opened_at: opened } = session;
  const what = kind === "browser" ? browserName(name) : name;
  return (
    <div className="min-w-0">
      <p className="truncate font-medium" title={name}>
        {what === "" ? t.admin.account.places[kind] : what}
      </p>
      <p className="truncate text-small text-faint">
        {[what === "" ? "" : t.admin.account.places[kind], source, opened === null ? "" : formatFull(opened, t.locale)].filter((each) => each !== "").join(" · ")}
      </p>
    </div>
  );
}
