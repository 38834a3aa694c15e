/**
 * Opening hours of a week: painted with mouse or finger, or typed. Painting on free time opens, on open time closes;
 * going across days paints all of them.
 */
import type { PointerEvent } from "react";
import { useRef, useState } from "react";
import {
  added,
  clockOf,
  covers,
  DAY_MIN,
  DAYS,
  openingsOf,
  readSpans,
  removed,
  spansText,
  weekOf,
  type Day,
  type Opening,
  type Span,
  type Week,
} from "../core/week.ts";
import { t } from "../text/index.ts";
import { Button, IconButton } from "../ui/Button.tsx";

const STEP = 30;
const HOURS = [0, 6, 12, 18];

interface WeekGridProps {
  readonly id: string;
  readonly value: readonly Opening[];
  readonly disabled?: boolean;
  /** What no hours at all mean here. */
  readonly emptyMeans: string;
  readonly onChange: (openings: Opening[]) => void;
}

interface Stroke {
  readonly opens: boolean;
  readonly day: number;
  readonly minute: number;
  readonly toDay: number;
  readonly toMinute: number;
}

export function WeekGrid({ id, value, disabled = false, emptyMeans, onChange }: WeekGridProps) {
  const week = weekOf(value);
  const [stroke, setStroke] = useState<Stroke>();
  const grid = useRef<HTMLDivElement>(null);
  const shown = stroke === undefined ? week : painted(week, stroke);
  const change = (next: Week) => onChange(openingsOf(next));

  const place = (event: PointerEvent): { day: number; minute: number } => {
    const rows = [...(grid.current?.querySelectorAll("[data-track]") ?? [])].map((each) => each.getBoundingClientRect());
    const below = rows.findIndex((row) => event.clientY < row.bottom + 2);
    const day = below === -1 ? rows.length - 1 : below;
    const row = rows[day];
    const share = row === undefined ? 0 : (event.clientX - row.left) / row.width;
    const steps = Math.floor((Math.max(0, Math.min(0.9999, share)) * DAY_MIN) / STEP);
    return { day, minute: steps * STEP };
  };
  const begin = (event: PointerEvent) => {
    if (disabled || event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    const { day, minute } = place(event);
    setStroke({ opens: !covers(week[DAYS[day] ?? "mon"], minute), day, minute, toDay: day, toMinute: minute });
  };
  const move = (event: PointerEvent) => {
    if (stroke === undefined) return;
    const { day, minute } = place(event);
    setStroke({ ...stroke, toDay: day, toMinute: minute });
  };
  const end = () => {
    if (stroke !== undefined) change(painted(week, stroke));
    setStroke(undefined);
  };

  return (
    <div className="flex flex-col gap-3">
      <div
        ref={grid}
        aria-hidden="true"
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={end}
        onPointerCancel={() => setStroke(undefined)}
        className={`touch-none rounded-xl border border-line p-2 select-none ${disabled ? "opacity-55" : "cursor-crosshair"}`}
      >
        <div className="relative mb-1 ml-9 h-4 text-label text-faint">
          {HOURS.map((hour) => (
            <span key={hour} style={{ left: `${(hour / 24) * 100}%` }} className="absolute tabular-nums">
              {clockOf(hour * 60)}
            </span>
          ))}
        </div>
        {DAYS.map((day, index) => (
          <div key={day} className="flex items-center gap-2">
            <span className="w-7 text-label text-soft">{t.records.days[day].slice(0, 2)}</span>
            <Track spans={shown[day]} over={shown[DAYS[(index + 6) % 7] ?? "sun"]} />
          </div>
        ))}
      </div>
      {value.length === 0 && <p className="text-small text-soft">{emptyMeans}</p>}
      <div className="flex flex-col gap-1.5">
        {DAYS.map((day) => (
          <TypedHours
            key={`${day} ${spansText(week[day])}`}
            id={`${id}_${day}`}
            day={day}
            spans={week[day]}
            disabled={disabled}
            onChange={(spans) => change({ ...week, [day]: spans })}
            onCopy={() => change({ ...week, mon: week[day], tue: week[day], wed: week[day], thu: week[day], fri: week[day] })}
          />
        ))}
      </div>
      {!disabled && (
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => change(workdays)}>{t.records.week.nineToFive}</Button>
          {value.length > 0 && (
            <Button look="quiet" onClick={() => onChange([])}>
              {t.records.week.clear}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

const NINE_TO_FIVE: readonly Span[] = [{ from: 540, to: 1020 }];
const workdays: Week = { mon: NINE_TO_FIVE, tue: NINE_TO_FIVE, wed: NINE_TO_FIVE, thu: NINE_TO_FIVE, fri: NINE_TO_FIVE, sat: [], sun: [] };

function painted(week: Week, stroke: Stroke): Week {
  const [first, last] = [Math.min(stroke.day, stroke.toDay), Math.max(stroke.day, stroke.toDay)];
  const span = {
    from: Math.min(stroke.minute, stroke.toMinute),
    to: Math.max(stroke.minute, stroke.toMinute) + STEP,
  };
  const entries = DAYS.map((day, index) => {
    const spans = week[day];
    if (index < first || index > last) return [day, spans] as const;
    return [day, stroke.opens ? added(spans, span) : removed(spans, span)] as const;
  });
  return Object.fromEntries(entries) as Record<Day, readonly Span[]>;
}

/** One day from midnight to midnight; what the evening before goes on into is paler. */
function Track({ spans, over }: { readonly spans: readonly Span[]; readonly over: readonly Span[] }) {
  const later = over.filter((each) => each.to > DAY_MIN).map((each) => ({ from: 0, to: each.to - DAY_MIN }));
  return (
    <div data-track className="relative my-0.5 h-6 flex-1 overflow-hidden rounded bg-sunken">
      {Array.from({ length: 23 }, (_, hour) => (
        <span key={hour} style={{ left: `${((hour + 1) / 24) * 100}%` }} className={`absolute inset-y-0 w-px ${(hour + 1) % 6 === 0 ? "bg-line-strong/50" : "bg-line"}`} />
      ))}
      {later.map((span) => (
        <Bar key={`later ${span.to}`} span={span} look="bg-good-line/40" />
      ))}
      {spans.map((span) => (
        <Bar key={span.from} span={span} look="bg-good-line" />
      ))}
    </div>
  );
}

function Bar({ span, look }: { readonly span: Span; readonly look: string }) {
  const to = Math.min(span.to, DAY_MIN);
  return <span style={{ left: `${(span.from / DAY_MIN) * 100}%`, width: `${((to - span.from) / DAY_MIN) * 100}%` }} className={`absolute inset-y-0 rounded-sm ${look}`} />;
}

interface TypedHoursProps {
  readonly id: string;
  readonly day: Day;
  readonly spans: readonly Span[];
  readonly disabled: boolean;
  readonly onChange: (spans: readonly Span[]) => void;
  readonly onCopy: () => void;
}

function TypedHours({ id, day, spans, disabled, onChange, onCopy }: TypedHoursProps) {
  const [text, setText] = useState(spansText(spans));
  const read = readSpans(text);
  const wrong = read === undefined;
  const take = () => {
    if (read !== undefined && spansText(read) !== spansText(spans)) onChange(read);
    else if (read !== undefined) setText(spansText(spans));
  };
  return (
    <div className="flex items-center gap-2">
      <label htmlFor={id} className="w-24 shrink-0">
        {t.records.days[day]}
      </label>
      <input
        id={id}
        value={text}
        disabled={disabled}
        placeholder={t.records.week.closed}
        aria-invalid={wrong || undefined}
        aria-describedby={wrong ? `${id}-fault` : undefined}
        onChange={(event) => setText(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          take();
        }}
        className={`min-h-10 min-w-0 flex-1 rounded-lg border bg-surface px-3 tabular-nums placeholder:text-faint/70 md:min-h-9 ${wrong ? "border-bad-line" : "border-line-strong/60"}`}
      />
      {wrong && (
        <span id={`${id}-fault`} role="alert" className="text-small text-bad">
          {t.records.week.wrong}
        </span>
      )}
      {day === "mon" && !disabled && <IconButton icon="copy" label={t.records.week.copy} disabled={spans.length === 0} onClick={onCopy} />}
    </div>
  );
}
