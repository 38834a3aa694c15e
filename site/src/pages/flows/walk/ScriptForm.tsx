/** The script of a made-up call: when, who, and what is different about the office that day. */
import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { formatDay, formatShortClock } from "../../../core/time.ts";
import { REACHES, timePicks, withFlag, withReach, type Reach } from "../../../flow/walk/script.ts";
import { useDirectory } from "../../../live/useLive.ts";
import type { FlowScript } from "../../../schema.gen.ts";
import { t } from "../../../text/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Chip, Segments, Select, Tick } from "./Inputs.tsx";
import { flagsQuery } from "./queries.ts";

interface FormProps {
  readonly script: FlowScript;
  readonly onChange: (script: FlowScript) => void;
}

export function ScriptForm({ script, onChange }: FormProps) {
  const put = (changes: Partial<FlowScript>) => onChange({ ...script, ...changes });
  return (
    <div className="flex flex-col gap-4">
      <When script={script} onChange={onChange} />
      <Segments
        label={t.walk.simulate.from}
        value={script.caller_extension === null ? "outside" : "inside"}
        options={[
          ["outside", t.walk.simulate.outside],
          ["inside", t.walk.simulate.inside],
        ]}
        onChange={(from) => put({ caller_extension: from === "inside" ? "" : null })}
      />
      {script.caller_extension === null ? (
        <div className="grid grid-cols-2 gap-3">
          <Field
            label={t.walk.simulate.caller}
            inputMode="tel"
            maxLength={40}
            value={script.caller}
            onChange={(event) => put({ caller: event.target.value })}
          />
          <Field
            label={t.walk.simulate.callerName}
            maxLength={80}
            value={script.caller_name}
            onChange={(event) => put({ caller_name: event.target.value })}
          />
        </div>
      ) : (
        <Inside script={script} onChange={onChange} />
      )}
      <details className="rounded-lg border border-line px-3 py-2">
        <summary className="min-h-8 py-1 text-soft">{t.walk.simulate.more}</summary>
        <More script={script} onChange={onChange} />
      </details>
    </div>
  );
}

function When({ script, onChange }: FormProps) {
  const [now] = useState(() => new Date());
  const at = script.at ?? "";
  const set = (at: string) => onChange({ ...script, at: at === "" ? null : at });
  return (
    <div className="flex flex-col gap-2">
      <Field
        type="datetime-local"
        label={t.walk.simulate.when}
        help={t.walk.simulate.whenHelp}
        value={at.slice(0, 16)}
        onChange={(event) => set(event.target.value === "" ? "" : `${event.target.value}:00`)}
      />
      <div className="flex flex-wrap gap-1.5">
        {timePicks(now).map((pick) => (
          <Chip key={pick.id} pressed={at === pick.at} onClick={() => set(at === pick.at ? "" : pick.at)}>
            {t.walk.simulate.picks[pick.id]}
          </Chip>
        ))}
      </div>
    </div>
  );
}

function Inside({ script, onChange }: FormProps) {
  const people = [...useDirectory().values()];
  const known = people.some((each) => each.number === script.caller_extension);
  return (
    <Select
      label={t.walk.simulate.insideNumber}
      value={script.caller_extension ?? ""}
      options={[
        ...(known ? [] : [[script.caller_extension ?? "", script.caller_extension === "" ? "–" : (script.caller_extension ?? "")] as const]),
        ...people.map((each) => [each.number, `${each.number} ${each.name}`] as const),
      ]}
      onChange={(number) => {
        const name = people.find((each) => each.number === number)?.name ?? "";
        onChange({ ...script, caller_extension: number, caller: number, caller_name: name });
      }}
    />
  );
}

function More({ script, onChange }: FormProps) {
  const put = (changes: Partial<FlowScript>) => onChange({ ...script, ...changes });
  const { data: flags } = useQuery(flagsQuery);
  const day = (script.at ?? "").slice(0, 10);
  return (
    <div className="flex flex-col gap-4 py-3">
      <People script={script} onChange={onChange} />
      {(flags?.items.length ?? 0) > 0 && (
        <Group title={t.walk.simulate.switches} help={t.walk.simulate.switchesHelp}>
          {flags?.items.map((flag) => (
            <Tick
              key={flag.id}
              label={flag.name || flag.id}
              checked={script.flags[flag.id] ?? false}
              onChange={(on) => onChange(withFlag(script, flag.id, on))}
            />
          ))}
        </Group>
      )}
      {day !== "" && (
        <Tick
          label={t.walk.simulate.holiday}
          checked={day in script.holidays}
          onChange={(on) => put({ holidays: on ? { [day]: t.walk.simulate.holidayName } : {} })}
        />
      )}
      <Select
        label={t.walk.simulate.callerList}
        value={script.caller_list === null ? "ask" : script.caller_list === "" ? "none" : script.caller_list}
        options={(["ask", "none", "allow", "block", "vip"] as const).map((each) => [each, t.walk.simulate.callerLists[each]] as const)}
        onChange={(each) => put({ caller_list: each === "ask" ? null : each === "none" ? "" : each })}
      />
      <Field
        label={t.walk.simulate.called}
        help={t.walk.simulate.calledHelp}
        inputMode="tel"
        maxLength={40}
        value={script.called}
        onChange={(event) => put({ called: event.target.value })}
      />
      <Field
        type="number"
        narrow
        min={0}
        max={86400}
        label={t.walk.simulate.hangsUp}
        help={t.walk.simulate.hangsUpHelp}
        unit={t.walk.simulate.seconds}
        value={script.hangs_up_at_s ?? ""}
        onChange={(event) => put({ hangs_up_at_s: event.target.value === "" ? null : Math.max(0, Number(event.target.value)) })}
      />
    </div>
  );
}

function Group({ title, help, children }: { readonly title: string; readonly help?: string; readonly children: ReactNode }) {
  return (
    <fieldset className="flex flex-col gap-1.5">
      <legend className="mb-1 font-medium">{title}</legend>
      {children}
      {help !== undefined && <p className="text-small text-faint">{help}</p>}
    </fieldset>
  );
}

/** Whoever does not answer. */
function People({ script, onChange }: FormProps) {
  const directory = useDirectory();
  const [number, setNumber] = useState("");
  const add = () => {
    if (number.trim() === "") return;
    onChange(withReach(script, number.trim(), "busy"));
    setNumber("");
  };
  const reached = Object.entries(script.reached);
  return (
    <Group title={t.walk.simulate.busyList} help={t.walk.simulate.busyHelp}>
      {reached.map(([who, becomes]) => (
        <div key={who} className="flex items-center gap-2">
          <span className="min-w-0 flex-1 truncate">
            {who} <span className="text-faint">{directory.get(who)?.name}</span>
          </span>
          <Select
            bare
            label={t.walk.becomes(who)}
            value={becomes}
            options={REACHES.map((each) => [each, t.walk.reach[each]] as const)}
            onChange={(each: Reach) => onChange(withReach(script, who, each))}
          />
          <IconButton icon="close" label={t.walk.simulate.remove(who)} onClick={() => onChange(withReach(script, who, "talked"))} />
        </div>
      ))}
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          add();
        }}
      >
        <div className="min-w-0 flex-1">
          <Field
            label={t.walk.simulate.addPerson}
            list="simulated-people"
            maxLength={80}
            value={number}
            onChange={(event) => setNumber(event.target.value)}
          />
        </div>
        <datalist id="simulated-people">
          {[...directory.values()].map((each) => (
            <option key={each.number} value={each.number}>
              {each.name}
            </option>
          ))}
        </datalist>
        <Button type="submit" disabled={number.trim() === ""}>
          {t.walk.simulate.add}
        </Button>
      </form>
    </Group>
  );
}

/** A script in a few words: "Sat 28 Nov 22:00, from +1…, keys 1 2". */
export function scriptWords(script: FlowScript, now: number): string {
  const { at } = script;
  const keys = script.keys.map((each) => each || "–").join(" ");
  return [
    at === null
      ? t.walk.simulate.usual
      : `${formatDay(at, now, t.locale, t.history)} ${formatShortClock(at, t.locale)}`,
    t.walk.simulate.fromOutside([script.caller_extension, script.caller_name, script.caller, "?"].find(Boolean) ?? "?"),
    keys === "" ? "" : t.walk.simulate.keysShort(keys),
    ...Object.entries(script.reached).map(([who, becomes]) => `${who} ${t.walk.reach[becomes]}`),
    ...script.said.filter((each) => each !== "").map((each) => `“${each}”`),
  ]
    .filter((each) => each !== "")
    .join(", ");
}
