/** A phone that shows a wrong password for this extension: why it is not in the list, and what to do. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { refusedQuery } from "../../api/queries.ts";
import { formatShortClock } from "../../core/time.ts";
import { useMay } from "../../media/useMay.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";

export function RefusedHere({ number }: { readonly number: string }) {
  const { data } = useQuery({ ...refusedQuery, enabled: useMay("bans:read"), retry: false });
  const refused = data?.items.filter((each) => each.extension === number) ?? [];
  return refused.map((each) => (
    <div key={each.address} className="mt-3">
      <Notice tone={each.banned ? "bad" : "warn"}>
        {t.phones.refused(each.user_agent || t.phones.deviceUnnamed, each.address, formatShortClock(each.last_at, t.locale))}
        {each.banned && (
          <>
            {" "}
            {t.phones.refusedBanned}{" "}
            <Link to="/guard" className="font-medium underline">
              {t.nav.guard}
            </Link>
          </>
        )}
      </Notice>
    </div>
  ));
}
