import type { TrunkStatus } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Notice } from "../../ui/Notice.tsx";
import { StatusMark, type Tone } from "../../ui/StatusMark.tsx";

const TONES: Readonly<Record<TrunkStatus["state"], Tone>> = { up: "good", trying: "warn", down: "bad", off: "plain" };

export function TrunkMark({ status, enabled }: { readonly status: TrunkStatus | undefined; readonly enabled: boolean }) {
  if (!enabled) return <StatusMark tone="plain">{t.records.trunks.off}</StatusMark>;
  if (status === undefined) return null;
  return <StatusMark tone={TONES[status.state]}>{t.records.trunks[status.state]}</StatusMark>;
}

/** What is wrong and what to do; when all is well, how well. */
export function TrunkState({ status }: { readonly status: TrunkStatus | undefined }) {
  if (status === undefined || status.state === "off") return null;
  const { error, round_trip_ms: trip, registered_for_s: registered, calls } = status;
  const figures = [
    t.records.trunks.calls(calls),
    ...(trip === null ? [] : [t.records.trunks.roundTrip(Math.round(trip))]),
    ...(registered === null ? [] : [t.records.trunks.registeredFor(Math.round(registered / 60))]),
  ];
  return (
    <div className="flex flex-col gap-2 border-b border-line px-5 py-4">
      {error !== "" && <Notice tone={status.state === "down" ? "bad" : "warn"}>{error}</Notice>}
      {status.state === "up" && <p className="text-soft">{figures.join(" · ")}</p>}
    </div>
  );
}
