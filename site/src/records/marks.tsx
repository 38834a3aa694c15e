/** How a record is doing right now, as shape and word: phones that are registered, trunks that are up. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { request } from "../api/client.ts";
import { busyExtensions } from "../core/calls.ts";
import { useLive } from "../live/useLive.ts";
import { useSource } from "../office/source.ts";
import type { TrunkStatus, TrunkStatusList } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { StatusShape, type Tone } from "../ui/StatusMark.tsx";

export function useTrunkStatuses(): ReadonlyMap<string, TrunkStatus> {
  const source = useSource();
  const { data } = useQuery({
    queryKey: ["trunk-statuses"],
    queryFn: () => request<TrunkStatusList>("/trunk-statuses", { query: { limit: 1000 } }),
    refetchInterval: 5_000,
    enabled: source.mode === "node",
  });
  return new Map((data?.items ?? []).map((each) => [each.trunk, each]));
}

export type MarkOf = (key: string) => ReactNode;

const NONE: MarkOf = () => null;

/** A function that draws the state of a record of `kind`; nothing for kinds that have none, or while it is not known. */
export function useMarks(kind: string): MarkOf {
  const { mode } = useSource();
  const phones = usePhoneTones();
  const trunks = useTrunkStatuses();
  if (mode !== "node") return NONE;
  if (kind === "extension") return (key) => mark(phones(key));
  if (kind === "trunk") return (key) => mark(TRUNK_TONES[trunks.get(key)?.state ?? "off"]);
  return NONE;
}

type Known = readonly [tone: Tone, words: string];

const TRUNK_TONES: Readonly<Record<TrunkStatus["state"], Known>> = {
  up: ["good", t.records.trunks.up],
  trying: ["warn", t.records.trunks.trying],
  down: ["bad", t.records.trunks.down],
  off: ["plain", t.records.trunks.off],
};

function mark(known: Known | undefined): ReactNode {
  if (known === undefined) return null;
  const [tone, words] = known;
  return (
    <span title={words} className={TONES[tone]}>
      <StatusShape tone={tone} />
      <span className="sr-only">{words}</span>
    </span>
  );
}

const TONES: Readonly<Record<Tone, string>> = {
  good: "text-good",
  warn: "text-warn",
  bad: "text-bad",
  plain: "text-soft",
  live: "text-accent",
};

function usePhoneTones(): (number: string) => Known | undefined {
  const { data, stale } = useLive();
  if (data === undefined || stale) return () => undefined;
  const busy = busyExtensions(data.calls.values());
  const registered = new Set([...data.registrations.values()].map((each) => each.extension));
  return (number) => {
    const extension = data.extensions.get(number);
    if (extension === undefined) return undefined;
    if (!extension.enabled) return ["plain", t.phones.disabled];
    if (busy.has(number)) return ["live", t.phones.inCall];
    return registered.has(number) ? ["good", t.phones.registered] : ["warn", t.phones.notRegistered];
  };
}
