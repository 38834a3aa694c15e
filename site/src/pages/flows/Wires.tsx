/**
 * All wires in one drawing. They are found under the pointer by where they run, so the browser has nothing to search;
 * the one that is pointed at or chosen has a label with what can be done to it.
 */
import { ViewportPortal } from "@xyflow/react";
import { memo, useSyncExternalStore } from "react";
import { distance, type Point } from "../../flow/wirePath.ts";
import { t } from "../../text/index.ts";
import { Icon } from "../../ui/Icon.tsx";
import type { WireLine } from "./cards.ts";
import { useWorkshop } from "./context.ts";
import { MarkBadge } from "./NodeCard.tsx";

/** The wire under the pointer: told to who draws it, so that the canvas is not drawn again at each step of a mouse. */
export class Pointing {
  private wire: string | undefined;
  private readonly listeners = new Set<() => void>();

  readonly get = (): string | undefined => this.wire;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };

  readonly at = (wire: string | undefined): void => {
    if (wire === this.wire) return;
    this.wire = wire;
    for (const listener of this.listeners) listener();
  };
}

interface WiresProps {
  readonly lines: readonly WireLine[];
  readonly pointing: Pointing;
}

export const Wires = memo(function Wires({ lines, pointing }: WiresProps) {
  return (
    <ViewportPortal>
      <svg className="wires" aria-hidden>
        {lines.map((line) => (
          <Wire key={line.key} line={line} />
        ))}
      </svg>
      {lines.map((line) =>
        line.selected || line.mark !== undefined ? <WireLabel key={line.key} line={line} tools={line.selected} pointing={pointing} /> : null,
      )}
      <PointedWire lines={lines} pointing={pointing} />
    </ViewportPortal>
  );
});

const Wire = memo(function Wire({ line }: { readonly line: WireLine }) {
  const { key, run, mark, dim, selected } = line;
  return <path className="wire-line" data-wire={key} data-tone={mark?.tone} data-dim={dim || undefined} data-chosen={selected || undefined} d={run.path} />;
});

function PointedWire({ lines, pointing }: WiresProps) {
  const pointed = useSyncExternalStore(pointing.subscribe, pointing.get);
  const line = pointed === undefined ? undefined : lines.find(({ key }) => key === pointed);
  if (line === undefined || line.selected) return null;
  return (
    <>
      <svg className="wires" aria-hidden>
        <path className="wire-line" data-chosen d={line.run.path} />
      </svg>
      <WireLabel line={line} tools pointing={pointing} />
    </>
  );
}

function WireLabel({ line, tools, pointing }: { readonly line: WireLine; readonly tools: boolean; readonly pointing: Pointing }) {
  const { key, run, label, mark } = line;
  return (
    <div
      className="nodrag nopan pointer-events-auto absolute top-0 left-0 z-5"
      style={{ transform: `translate(-50%, -50%) translate(${run.middle.x}px, ${run.middle.y}px)` }}
      onMouseEnter={() => pointing.at(key)}
      onMouseLeave={() => pointing.at(undefined)}
    >
      {tools ? (
        <WireTools id={key} label={label} />
      ) : (
        mark !== undefined && (
          <span className="relative block">
            <MarkBadge mark={mark} />
          </span>
        )
      )}
    </div>
  );
}

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

/** The wire at a place of the canvas, if one is within reach: the nearest. */
export function wireAt(lines: readonly WireLine[], place: Point, reach: number): string | undefined {
  let found: string | undefined;
  let nearest = reach;
  for (const { key, run } of lines) {
    const far = distance(run, place, nearest);
    if (far <= nearest) [found, nearest] = [key, far];
  }
  return found;
}
