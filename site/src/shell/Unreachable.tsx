import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ELSEWHERE, HERE, NODE } from "../api/place.ts";
import { probe } from "../api/probe.ts";
import { troubleOf } from "../core/place.ts";
import { TroubleNotice } from "../pages/connect/TroubleNotice.tsx";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";

/** The node did not answer even the first question. */
export function Unreachable({ retry, busy }: { readonly retry: () => void; readonly busy: boolean }) {
  const { data: trouble } = useQuery({
    queryKey: ["probe"],
    queryFn: async () => troubleOf(await probe(NODE)) ?? null,
    enabled: ELSEWHERE,
  });
  return (
    <main role="alert" className="mx-auto flex min-h-dvh max-w-xl flex-col items-center justify-center px-4">
      <EmptyState icon="unplugged" title={ELSEWHERE ? `${t.link.offline}: ${HERE.name}` : t.link.offline} help={t.link.never}>
        <Button look="primary" onClick={retry} busy={busy}>
          {t.link.retryNow}
        </Button>
        {ELSEWHERE && (
          <Link to="/connect" className="inline-flex min-h-9 items-center rounded-lg border border-line px-3.5 hover:bg-hover">
            {t.session.otherOffice}
          </Link>
        )}
      </EmptyState>
      {trouble !== undefined && trouble !== null && <TroubleNotice node={NODE} trouble={trouble} />}
    </main>
  );
}
