/** The SIP messages of a call, for whoever knows what they mean: asked for only when wanted. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { faultWords, RequestFault } from "../../core/problem.ts";
import { DownloadButton } from "../../media/DownloadButton.tsx";
import { traceQuery } from "../../media/queries.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Section } from "../../ui/Section.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";

const Ladder = lazy(async () => ({ default: (await import("../../trace/Ladder.tsx")).Ladder }));

export function CallLadder({ id }: { readonly id: string }) {
  const [wanted, setWanted] = useState(false);
  const { data, error } = useQuery({ ...traceQuery(id), enabled: wanted });
  const gone = error instanceof RequestFault && error.status === 404;
  return (
    <Section title={t.media.ladder.title}>
      {!wanted ? (
        <Button onClick={() => setWanted(true)}>{t.media.ladder.show}</Button>
      ) : data !== undefined ? (
        <div className="flex flex-col items-start gap-3">
          <div className="w-full">
            <Suspense fallback={<Skeleton rows={4} />}>
              <Ladder trace={data} />
            </Suspense>
          </div>
          <DownloadButton path={`/sip-traces/${encodeURIComponent(id)}.pcap`} name={id} ending="pcap">
            {t.media.ladder.pcap}
          </DownloadButton>
        </div>
      ) : error === null ? (
        <Skeleton rows={4} />
      ) : (
        <p className="text-soft">{gone ? t.media.ladder.gone : faultWords(error, t)}</p>
      )}
    </Section>
  );
}
