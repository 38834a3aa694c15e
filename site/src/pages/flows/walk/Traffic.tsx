/** How many calls went which way in the last days, on the canvas and as a list. */
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { faultWords } from "../../../core/problem.ts";
import { formatDuration } from "../../../core/time.ts";
import { useEditor } from "../../../flow/editor.ts";
import { busiestWays, trafficMarks } from "../../../flow/walk/traffic.ts";
import { t } from "../../../text/index.ts";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { Skeleton } from "../../../ui/Skeleton.tsx";
import { useHighlight, useNames } from "./hooks.ts";
import { Segments } from "./Inputs.tsx";
import { PERIODS, trafficQuery, type Period } from "./queries.ts";

const share = (part: number) => part.toLocaleString(t.locale, { style: "percent", maximumFractionDigits: 0 });
const time = (seconds: number) => formatDuration(seconds, t.duration);

export function Traffic() {
  const { number, document } = useEditor();
  const [period, setPeriod] = useState<Period>("7d");
  const { data, error } = useQuery(trafficQuery(number, period));
  const names = useNames(document);
  useHighlight(
    "traffic",
    useMemo(() => (data === undefined || data.calls === 0 ? undefined : trafficMarks(data, { share, time })), [data]),
  );
  const ways = data === undefined ? [] : busiestWays(data);
  const most = ways[0]?.calls ?? 1;
  return (
    <div className="flex flex-col">
      <div className="px-5 pb-4">
        <Segments
          label={t.walk.path.period}
          value={period}
          options={PERIODS.map((each) => [each, t.walk.path.periods[each]] as const)}
          onChange={setPeriod}
        />
      </div>
      {data === undefined ? (
        error === null ? (
          <Skeleton rows={4} />
        ) : (
          <EmptyState icon="unplugged" title={faultWords(error, t)} />
        )
      ) : data.calls === 0 ? (
        <EmptyState icon="history" title={t.walk.path.noTraffic} help={t.walk.path.noTrafficHelp} />
      ) : (
        <div data-traffic={data.calls} className="border-t border-line">
          <p className="px-5 pt-4">
            <span className="text-figure font-semibold tabular-nums">
              {t.walk.path.calls(data.calls, data.calls.toLocaleString(t.locale))}
            </span>
            <span className="ml-2 text-soft">{t.walk.path.median(time(data.median_s))}</span>
          </p>
          <h3 className="px-5 pt-4 pb-1 font-semibold">{t.walk.path.ways}</h3>
          <ul className="pb-3">
            {ways.map((way) => (
              <li key={`${way.node}:${way.exit}`} className="px-5 py-1.5">
                <div className="flex items-baseline justify-between gap-3">
                  <span className="min-w-0 truncate">
                    {way.node in document.nodes ? names.node(way.node) : <s title={t.walk.path.gone}>{way.node}</s>} →{" "}
                    {way.exit === "" ? <span className="text-faint">{t.walk.path.endedHere}</span> : names.exit(way.node, way.exit)}
                  </span>
                  <span className="text-small whitespace-nowrap text-soft tabular-nums">
                    {t.walk.path.way(way.calls.toLocaleString(t.locale), share(way.share))}
                  </span>
                </div>
                <span aria-hidden="true" className="mt-1 block h-1 rounded-full bg-sunken">
                  <span className="block h-1 rounded-full bg-accent" style={{ width: `${(way.calls / most) * 100}%` }} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}
