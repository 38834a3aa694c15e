/** A node on the canvas: what it is, what it does in one line, and a handle for each way out. */
import { Handle, Position, type NodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Mark } from "../../flow/editor.ts";
import { ENTRY_Y, handleY, HEAD, ROW } from "../../flow/geometry.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { CardNode, NoteNode, Row } from "./cards.ts";
import { FlowIcon } from "./icons.tsx";
import { useWorkshop } from "./context.ts";

export const NodeCard = memo(function NodeCard({ data, selected }: NodeProps<CardNode>) {
  const { title, summary, rows, entry, wrong, warned, mark, dim } = data;
  return (
    <div
      className="flow-card relative h-full rounded-xl"
      data-selected={selected}
      data-wrong={wrong > 0}
      data-tone={mark?.tone}
      data-dim={dim}
    >
      {entry && (
        <span className="absolute -top-6 left-0 flex items-center gap-1 text-label font-medium text-accent">
          <FlowIcon name="flag" className="size-3.5" />
          {t.flows.entry}
        </span>
      )}
      <div className="flex items-center gap-2.5 px-3" style={{ height: HEAD }}>
        <span className={`flow-sign flex size-9 shrink-0 items-center justify-center rounded-lg ${entry ? "bg-accent text-on-accent" : "bg-sunken text-soft"}`}>
          <FlowIcon name={data.type} className="size-5 overflow-visible" />
        </span>
        <span className="min-w-0 flex-1">
          <span className="flow-title block truncate font-medium">{title}</span>
          <span className="flow-detail block truncate text-label text-faint">{summary}</span>
        </span>
      </div>
      <FaultBadge wrong={wrong} warned={warned} />
      {mark !== undefined && <MarkBadge mark={mark} />}
      {rows.map((row, index) => (
        <ExitRow key={row.exit.name} row={row} index={index} />
      ))}
      <Handle type="target" id="in" position={Position.Left} style={{ top: ENTRY_Y }} isConnectableStart={false} />
      {rows.map((row, index) => (
        <Handle key={row.exit.name} type="source" id={row.exit.name} position={Position.Right} style={{ top: handleY(index) }} data-state={row.state} data-exit={row.exit.name} />
      ))}
    </div>
  );
});

const ROW_WORDS = { wired: "text-soft", ends: "text-soft", loose: "text-faint", missing: "text-bad" } as const;

function ExitRow({ row, index }: { readonly row: Row; readonly index: number }) {
  const { label, state, mark } = row;
  return (
    <div
      className={`flow-detail absolute right-3 left-3 flex items-center justify-end gap-1.5 text-label ${ROW_WORDS[state]}`}
      style={{ top: HEAD + index * ROW, height: ROW }}
    >
      {mark !== undefined && state !== "wired" && <span className="text-accent tabular-nums">{mark.label ?? mark.count}</span>}
      <span className="truncate">{label}</span>
      {state === "ends" && <span className="shrink-0 text-faint">· {t.flows.ends}</span>}
    </div>
  );
}

function FaultBadge({ wrong, warned }: { readonly wrong: number; readonly warned: number }) {
  if (wrong === 0 && warned === 0) return null;
  return (
    <span
      className={`absolute -top-2.5 -right-2.5 flex h-5 items-center gap-1 rounded-full border px-1.5 text-label font-semibold ${wrong > 0 ? "border-bad-line bg-bad-soft text-bad" : "border-warn-line bg-warn-soft text-warn"}`}
    >
      <Icon name="warning" className="size-3" />
      {wrong > 0 ? wrong : warned}
      <span className="sr-only">{wrong > 0 ? t.flows.faults(wrong) : t.flows.warnings(warned)}</span>
    </span>
  );
}

const TONES = {
  path: "bg-accent text-on-accent",
  live: "bg-good-soft text-good border border-good-line",
  failed: "bg-bad-soft text-bad border border-bad-line",
  added: "bg-good-soft text-good border border-good-line",
  removed: "bg-bad-soft text-bad border border-bad-line",
  changed: "bg-accent-soft text-accent border border-accent",
  moved: "bg-warn-soft text-warn border border-warn-line",
} as const;

export function MarkBadge({ mark }: { readonly mark: Mark }) {
  const { tone, count, label } = mark;
  const counted = count !== undefined && (count > 1 || tone === "live") ? `${count}` : "";
  const words = [counted, label ?? (tone === "path" || tone === "live" ? "" : t.flows.tones[tone])].filter((each) => each !== "").join(" · ");
  if (words === "") return null;
  return (
    <span className={`absolute -top-3 left-1/2 flex h-6 -translate-x-1/2 items-center gap-1 rounded-full px-2 text-label font-semibold whitespace-nowrap tabular-nums ${TONES[tone]}`}>
      {tone === "live" && <Icon name="phone" className="ringing-dot size-3" />}
      {words}
    </span>
  );
}

/** A note for people: typed where it lies. */
export const NoteCard = memo(function NoteCard({ data, selected }: NodeProps<NoteNode>) {
  const { act, store } = useWorkshop();
  return (
    <div
      className={`rounded-lg border bg-warn-soft px-3 py-2 text-small whitespace-pre-wrap text-ink shadow-card ${selected ? "border-accent ring-2 ring-accent" : "border-transparent"}`}
      style={{ overflowWrap: "anywhere" }}
    >
      {selected && !store.readOnly ? (
        <textarea
          aria-label={t.flows.note}
          defaultValue={data.text}
          maxLength={2000}
          rows={Math.min(12, Math.max(2, data.text.split("\n").length + Math.floor(data.text.length / 26)))}
          className="nodrag nopan nowheel block w-full resize-none bg-transparent outline-none"
          onChange={(event) => act.writeNote(data.index, event.target.value)}
          onBlur={store.settle}
        />
      ) : (
        data.text || <span className="text-faint">{t.flows.noteEmpty}</span>
      )}
    </div>
  );
});
