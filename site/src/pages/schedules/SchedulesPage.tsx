/** When the office is open: a week to paint or type, holidays, and what the node makes of any moment. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { faultWords } from "../../core/problem.ts";
import { formatFull, instant } from "../../core/time.ts";
import { spansText, DAYS, weekOf, type Opening } from "../../core/week.ts";
import { isObject, type Data } from "../../forms/json.ts";
import { useSource } from "../../office/source.ts";
import { stateColumn, type Column } from "../../records/columns.tsx";
import { useRecords } from "../../records/data.ts";
import { RecordPage } from "../../records/RecordPage.tsx";
import { textOf } from "../../records/references.ts";
import type { ScheduleState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Card } from "../../ui/Card.tsx";
import { Field } from "../../ui/Field.tsx";
import { Section } from "../../ui/Section.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";

export function SchedulesPage() {
  const columns: readonly Column[] = [
    { name: "name", title: t.records.columns["name"] ?? "", cell: (record) => textOf(record["name"]) },
    stateColumn(
      (record) => <OpenNow id={textOf(record["id"])} />,
      () => "",
    ),
    { name: "hours", title: t.records.schedules.hours, cell: (record) => weekText(record), from: "md" },
  ];
  return (
    <>
      <RecordPage kind="schedule" icon="clock" columns={columns} above={({ record }) => <WhatHappens id={textOf(record["id"])} />} />
      <TimeSwitches />
    </>
  );
}

/** "Mon–Fri 09:00–17:00; Sat 10:00–12:00" */
function weekText(record: Data): string {
  const { hours } = record;
  if (!Array.isArray(hours) || hours.length === 0) return t.records.schedules.always;
  const week = weekOf(hours as readonly Opening[]);
  const runs: { first: number; last: number; text: string }[] = [];
  DAYS.forEach((day, index) => {
    const text = spansText(week[day]);
    const run = runs.at(-1);
    if (text === "") return;
    if (run?.text === text && run.last === index - 1) run.last = index;
    else runs.push({ first: index, last: index, text });
  });
  const short = (index: number) => t.records.days[DAYS[index] ?? "mon"].slice(0, 2);
  return runs.map(({ first, last, text }) => `${short(first)}${last > first ? `–${short(last)}` : ""} ${text}`).join("; ");
}

function useScheduleState(id: string, at: string) {
  const { mode } = useSource();
  return useQuery({
    queryKey: ["records", "schedule-state", id, at],
    queryFn: () => request<ScheduleState>(`/schedules/${encodeURIComponent(id)}/state`, { query: at === "" ? {} : { at } }),
    enabled: mode === "node",
    ...(at === "" ? { refetchInterval: 30_000 } : {}),
  });
}

function OpenNow({ id }: { readonly id: string }) {
  const { data } = useScheduleState(id, "");
  if (data === undefined) return null;
  return data.open ? <StatusMark tone="good">{t.records.schedules.open}</StatusMark> : <StatusMark tone="plain">{t.records.schedules.closed}</StatusMark>;
}

/** Asks the node about a moment, so that what is shown here is what a call would meet. */
function WhatHappens({ id }: { readonly id: string }) {
  const [local, setLocal] = useState("");
  const { data, error } = useScheduleState(id, instant(local));
  return (
    <Section title={t.records.schedules.ask}>
      <div className="flex flex-wrap items-end gap-4">
        <div className="min-w-56">
          <Field label={t.records.schedules.at} type="datetime-local" value={local} onChange={(event) => setLocal(event.target.value)} />
        </div>
        <p role="status" className="flex min-h-10 flex-wrap items-center gap-2">
          {error !== null && <span className="text-bad">{faultWords(error, t)}</span>}
          {data !== undefined && (
            <>
              {data.open ? <StatusMark tone="good">{t.records.schedules.open}</StatusMark> : <StatusMark tone="plain">{t.records.schedules.closed}</StatusMark>}
              <span className="text-soft">{data.because}</span>
              {data.changes_at !== null && <span className="text-faint">{t.records.schedules.until(formatFull(data.changes_at, t.locale))}</span>}
            </>
          )}
        </p>
      </div>
    </Section>
  );
}

/** The time switches of the flows, which are where schedules work. */
function TimeSwitches() {
  const { data = [] } = useRecords("flow");
  const found = data.flatMap((flow) =>
    Object.entries(isObject(flow["nodes"]) ? flow["nodes"] : {}).flatMap(([id, node]) =>
      isObject(node) && node["type"] === "time_switch" ? [{ flow, id, node }] : [],
    ),
  );
  if (found.length === 0) return null;
  return (
    <Card title={t.records.schedules.switches} className="mt-6">
      <p className="px-5 pb-2 text-soft">{t.records.schedules.switchesHelp}</p>
      <ul className="divide-y divide-line border-t border-line">
        {found.map(({ flow, id, node }) => (
          <li key={`${textOf(flow["number"])} ${id}`} className="flex flex-wrap items-baseline gap-x-3 px-5 py-3">
            <Link to="/flows/$number" params={{ number: textOf(flow["number"]) }} search={{ open: id }} className="font-medium text-accent hover:underline">
              {textOf(node["name"]) || t.records.schedules.timeSwitch}
            </Link>
            <span className="text-soft">
              {textOf(flow["number"])} {textOf(flow["name"])}
            </span>
            <span className="text-small text-faint">{rulesText(node)}</span>
          </li>
        ))}
      </ul>
    </Card>
  );
}

function rulesText(node: Data): string {
  const parameters = isObject(node["parameters"]) ? node["parameters"] : {};
  const rules = Array.isArray(parameters["rules"]) ? parameters["rules"].filter(isObject) : [];
  return rules.map((rule) => `${textOf(rule["name"]) || textOf(rule["exit"])}: ${textOf(rule["schedule"]) || weekText(rule)}`).join(" · ");
}
