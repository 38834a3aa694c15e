/** A wire. Its label shows while it is pointed at or chosen, with what can be done to it. */
import { BaseEdge, EdgeLabelRenderer, getBezierPath, getSmoothStepPath, type EdgeProps } from "@xyflow/react";
import { memo, useState } from "react";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { WireLine } from "./cards.ts";
import { useWorkshop } from "./context.ts";
import { MarkBadge } from "./NodeCard.tsx";

export const WireEdge = memo(function WireEdge(props: EdgeProps<WireLine>) {
  const { id, data, selected = false, source, target } = props;
  const [pointed, setPointed] = useState(false);
  const [path, x, y] = pathOf(props, source === target);
  const show = selected || pointed;
  return (
    <g className="wire-line" data-tone={data?.mark?.tone} data-dim={data?.dim} onMouseEnter={() => setPointed(true)} onMouseLeave={() => setPointed(false)}>
      <BaseEdge id={id} path={path} interactionWidth={22} />
      {(show || data?.mark !== undefined) && (
        <EdgeLabelRenderer>
          <div
            className="nodrag nopan pointer-events-auto absolute"
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)`, zIndex: 5 }}
            onMouseEnter={() => setPointed(true)}
            onMouseLeave={() => setPointed(false)}
          >
            {show ? <WireTools id={id} label={data?.label ?? ""} /> : data?.mark !== undefined && <span className="relative block">{<MarkBadge mark={data.mark} />}</span>}
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});

function WireTools({ id, label }: { readonly id: string; readonly label: string }) {
  const { act, store } = useWorkshop();
  return (
    <span className="flex items-center rounded-full border border-line bg-surface text-label text-soft shadow-card">
      <span className="max-w-40 truncate pl-2.5 pr-1">{label}</span>
      {!store.readOnly && (
        <>
          <button
            type="button"
            aria-label={t.flows.insertHere}
            title={t.flows.insertHere}
            className="flex size-7 items-center justify-center rounded-full hover:bg-hover hover:text-accent"
            onClick={(event) => act.askAdd({ at: { x: event.clientX, y: event.clientY }, on: id })}
          >
            <Icon name="plus" className="size-3.5" />
          </button>
          <button
            type="button"
            aria-label={t.flows.cutWire}
            title={t.flows.cutWire}
            className="flex size-7 items-center justify-center rounded-full hover:bg-bad-soft hover:text-bad"
            onClick={() => act.cut(id)}
          >
            <Icon name="close" className="size-3.5" />
          </button>
        </>
      )}
    </span>
  );
}

/** Forward in a curve; back, and round to itself, in a loop around the cards. */
function pathOf(props: EdgeProps<WireLine>, self: boolean): readonly [string, number, number] {
  const { sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition } = props;
  if (self) {
    const top = targetY - 56;
    const path = `M ${sourceX} ${sourceY} c 36 0 36 0 36 -36 L ${sourceX + 36} ${top + 16} q 0 -16 -16 -16 L ${targetX - 12} ${top} q -16 0 -16 16 L ${targetX - 28} ${targetY - 16} q 0 16 16 16 L ${targetX} ${targetY}`;
    return [path, (sourceX + targetX) / 2, top];
  }
  if (targetX > sourceX + 12) {
    const [path, x, y] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, curvature: 0.35 });
    return [path, x, y];
  }
  const [path, x, y] = getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, borderRadius: 16, offset: 28, centerY: Math.max(sourceY, targetY) + 110 });
  return [path, x, y];
}
