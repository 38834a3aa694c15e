/** Where calls went: the way of one that is over, in the revision that it met; or how many took which way. */
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { callQuery } from "../../api/queries.ts";
import { faultWords } from "../../core/problem.ts";
import { useEditor } from "../../flow/editor.ts";
import { t } from "../../text/index.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import type { PanelProps } from "./panels.tsx";
import { CallPath } from "./walk/CallPath.tsx";
import { CallPicker } from "./walk/CallPicker.tsx";
import { callShown } from "./walk/callShown.ts";
import { Segments } from "./walk/Inputs.tsx";
import { PanelShell } from "./walk/PanelShell.tsx";
import { Traffic } from "./walk/Traffic.tsx";

/** What is shown stands in the address (`show=call:<id>`), so that a link from the history leads here. */
export function PathPanel({ argument, onClose }: PanelProps) {
  const { show } = useSearch({ strict: false });
  const wanted = callShown(argument ?? show);
  const { number, view } = useEditor();
  const navigate = useNavigate();
  const pick = (id: string | undefined) =>
    void navigate({
      to: "/flows/$number",
      params: { number },
      search: id === undefined ? { tab: "path" } : { tab: "path", show: `call:${id}` },
      replace: true,
    });
  const [shows, setShows] = useState<"call" | "traffic">("call");
  const toDraft = useEffectEvent(() => view(undefined));
  useEffect(() => () => toDraft(), []);
  return (
    <PanelShell
      title={t.walk.path.title}
      onClose={() => {
        if (show === undefined) onClose();
        else void navigate({ to: "/flows/$number", params: { number }, search: {}, replace: true });
      }}
    >
      <div className="flex flex-col gap-3 px-5 py-4">
        <p className="text-pretty text-soft">{t.walk.path.lead}</p>
        <Segments
          label={t.walk.path.which}
          value={shows}
          options={[
            ["call", t.walk.path.onePath],
            ["traffic", t.walk.path.traffic],
          ]}
          onChange={setShows}
        />
      </div>
      {shows === "traffic" ? (
        <Traffic />
      ) : wanted === undefined ? (
        <CallPicker onPick={pick} />
      ) : (
        <PastCall key={wanted} id={wanted} onClose={() => pick(undefined)} />
      )}
    </PanelShell>
  );
}

function PastCall({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const { data: cdr, error } = useQuery(callQuery(id));
  if (error !== null) return <EmptyState icon="history" title={faultWords(error, t)} />;
  if (cdr === undefined) return <Skeleton rows={5} />;
  return <CallPath cdr={cdr} onClose={onClose} />;
}
