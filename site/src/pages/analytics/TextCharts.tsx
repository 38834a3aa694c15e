/** The charts of texts, with the library that draws them: loaded when somebody looks. */
import { Area, AreaChart, Bar, BarChart, CartesianGrid, Legend, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import type { DayFigures } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { AXIS, legend, TOOLTIP } from "./Charts.tsx";
import { dayWords } from "./Tables.tsx";

interface DaysProps {
  readonly days: readonly DayFigures[];
}

const MARGIN = { left: -12, right: 8, top: 8 } as const;

export function TextChart({ days }: DaysProps) {
  const words = e.figures.columns;
  return (
    <div className="h-72">
      <ResponsiveContainer width="100%" height="100%">
        <BarChart data={days.map((each) => ({ ...each, day: dayWords(each.day) }))} margin={MARGIN} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="day" {...AXIS} minTickGap={24} />
          <YAxis allowDecimals={false} {...AXIS} />
          <Tooltip {...TOOLTIP} />
          <Legend formatter={legend} />
          <Bar dataKey="received" name={words.received} stackId="in" fill="var(--accent)" isAnimationActive={false} />
          <Bar dataKey="by_people" name={words.byPeople} stackId="out" fill="var(--good-line)" isAnimationActive={false} />
          <Bar dataKey="by_ai" name={words.byAi} stackId="out" fill="var(--warn-line)" isAnimationActive={false} />
          <Bar dataKey="by_campaigns" name={words.byCampaigns} stackId="out" fill="var(--line-strong)" isAnimationActive={false} />
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
}

export function FateChart({ days }: DaysProps) {
  const words = e.figures.columns;
  return (
    <div className="h-64">
      <ResponsiveContainer width="100%" height="100%">
        <AreaChart data={days.map((each) => ({ ...each, day: dayWords(each.day) }))} margin={MARGIN} accessibilityLayer={false}>
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis dataKey="day" {...AXIS} minTickGap={24} />
          <YAxis allowDecimals={false} {...AXIS} />
          <Tooltip {...TOOLTIP} />
          <Legend formatter={legend} />
          <Area dataKey="delivered" name={words.delivered} stackId="fate" type="monotone" stroke="var(--good-line)" fill="var(--good-soft)" isAnimationActive={false} />
          <Area dataKey="failed" name={words.failed} stackId="fate" type="monotone" stroke="var(--bad-line)" strokeDasharray="4 3" fill="var(--bad-soft)" isAnimationActive={false} />
          <Area dataKey="uncertain" name={words.uncertain} stackId="fate" type="monotone" stroke="var(--warn-line)" strokeDasharray="1 3" fill="var(--warn-soft)" isAnimationActive={false} />
        </AreaChart>
      </ResponsiveContainer>
    </div>
  );
}
