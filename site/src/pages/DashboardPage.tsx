import { Link } from "@tanstack/react-router";
import { CallList } from "../live/CallList.tsx";
import { AsOf } from "../live/Fresh.tsx";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";
import { Card } from "../ui/Card.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { PageHead } from "../ui/PageHead.tsx";
import { NodeCard } from "./dashboard/NodeCard.tsx";
import { PhonesCard } from "./dashboard/PhonesCard.tsx";
import { WelcomeCard } from "./dashboard/WelcomeCard.tsx";
import { RecentCard } from "./dashboard/RecentCard.tsx";

const MOST_CALLS = 6;

export function DashboardPage() {
  return (
    <>
      <PageHead title={t.dashboard.title} />
      <WelcomeCard />
      <div className="grid items-start gap-4 lg:grid-cols-3 lg:gap-5">
        {/* Two columns on wide screens; on narrow ones the cards come by how urgent they are. */}
        <div className="contents lg:col-span-2 lg:flex lg:flex-col lg:gap-5">
          <LiveCard />
          <RecentCard />
        </div>
        <div className="contents lg:flex lg:flex-col lg:gap-5">
          <PhonesCard />
          <NodeCard />
        </div>
      </div>
    </>
  );
}

function LiveCard() {
  const { calls, data } = useLive();
  const aside = (
    <span className="flex items-center gap-3">
      <AsOf />
      {data !== undefined && calls.length > 0 && (
        <Link to="/live" className="text-small font-medium text-accent hover:underline">
          {calls.length > MOST_CALLS ? t.dashboard.allLive : t.dashboard.liveCount(calls.length)}
        </Link>
      )}
    </span>
  );
  return (
    <Card title={t.dashboard.liveNow} aside={aside} className="order-1">
      <CallList
        most={MOST_CALLS}
        empty={<EmptyState icon="live" title={t.dashboard.quiet} help={t.dashboard.quietHelp} />}
      />
    </Card>
  );
}
