/** The charts, with the library that draws them: loaded when somebody looks. Colours are the theme's. */
import { Area, AreaChart, Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { heat } from "../../core/figures.ts";
import type { DayOfCalls, HourOfCalls } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { dayWords } from "./Tables.tsx";

export const AXIS = { tick: { fill: "var(--ink-faint)", fontSize: 12 }, axisLine: false, tickLine: false } as const;
export const TOOLTIP = {
  contentStyle: {
    background: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: 10,
    color: "var(--ink)",
    boxShadow: "var(--shadow-float)",
  },
  labelStyle: { color: "var(--ink-soft)" },
  cursor: { fill: "var(--hover)", stroke: "var(--line-strong)" },
} as const;
export const legend = (words: string) => <span className="text-small text-soft">{words}</span>;

export function DayChart({ days }: { readonly days: readonly DayOfCalls[] }) {
  const words = t.media.analytics.columns;
  return (
    <div className="h-72">
      <ResponsiveContainer width="100%" height="100%">
        <BarChart data={days.map((each) => ({ ...each, day: dayWords(each.day) }))} margin={{ left: -12, right: 8, top: 8 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="day" {...AXIS} minTickGap={24} />
          <YAxis allowDecimals={false} {...AXIS} />
          <Tooltip {...TOOLTIP} />
          <Legend formatter={legend} />
          <Bar dataKey="inbound" name={words.inbound} stackId="calls" fill="var(--accent)" isAnimationActive={false} />
          <Bar dataKey="outbound" name={words.outbound} stackId="calls" fill="var(--warn-line)" isAnimationActive={false} />
          <Bar dataKey="internal" name={words.internal} stackId="calls" fill="var(--line-strong)" radius={[3, 3, 0, 0]} isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

export function TakenChart({ days }: { readonly days: readonly DayOfCalls[] }) {
  const words = t.media.analytics.columns;
  return (
    <div className="h-64">
      <ResponsiveContainer width="100%" height="100%">
        <AreaChart data={days.map((each) => ({ ...each, day: dayWords(each.day) }))} margin={{ left: -12, right: 8, top: 8 }} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="day" {...AXIS} minTickGap={24} />
          <YAxis allowDecimals={false} {...AXIS} />
          <Tooltip {...TOOLTIP} />
          <Legend formatter={legend} />
          <Area dataKey="answered" name={words.answered} stackId="taken" type="monotone" stroke="var(--good-line)" fill="var(--good-soft)" isAnimationActive={false} />
          <Area dataKey="missed" name={words.missed} stackId="taken" type="monotone" stroke="var(--bad-line)" strokeDasharray="4 3" fill="var(--bad-soft)" isAnimationActive={false} />
        </AreaChart>
      </ResponsiveContainer>
    </div>
  );
}

/** The hours of the day, warmer where there were more calls. */
export function HourHeat({ hours }: { readonly hours: readonly HourOfCalls[] }) {
  const shares = heat(hours);
  return (
    <div className="grid grid-cols-6 gap-1.5 px-2 pt-1 sm:grid-cols-8">
      {hours.map((each, index) => {
        const share = shares[index] ?? 0;
        return (
          <div
            key={each.hour}
            title={t.media.analytics.hourWords(each.hour, each.calls, each.missed)}
            className="relative flex h-14 flex-col items-center justify-center overflow-hidden rounded-lg bg-sunken"
          >
            <span className="absolute inset-x-0 bottom-0 bg-accent-soft" style={{ height: `${Math.round(share * 100)}%` }} />
            <span className="relative font-semibold tabular-nums">{each.calls}</span>
            <span className="relative text-label text-soft tabular-nums">{each.hour}:00</span>
          </div>
        );
      })}
    </div>
  );
}
