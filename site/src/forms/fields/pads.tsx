/** The weekly grid and the keys of a telephone, as fields of a form. */
import type { FieldProps } from "@rjsf/utils";
import { useState } from "react";
import type { Opening } from "../../core/week.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { BOX } from "../../ui/Field.tsx";
import { isObject, type Data } from "../json.ts";
import { MoveHandle } from "../MoveHandle.tsx";
import { WeekGrid } from "../WeekGrid.tsx";
import { moved } from "./lists.tsx";

export function WeeklyField(props: FieldProps) {
  const value: unknown = props.formData;
  return (
    <WeekGrid
      id={props.fieldPathId.$id}
      value={Array.isArray(value) ? (value as readonly Opening[]) : []}
      disabled={props.disabled === true || props.readonly === true}
      emptyMeans={t.records.week.always}
      onChange={(openings) => props.onChange(openings, props.fieldPathId.path)}
    />
  );
}

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

interface Choice {
  readonly keys: string;
  readonly name: string;
}

/** A telephone's keys: pressing a free one makes a choice, and each choice has a line with its name. */
export function DigitPadField(props: FieldProps) {
  const value: unknown = props.formData;
  const choices = (Array.isArray(value) ? value.filter(isObject) : []).map(choiceOf);
  const disabled = props.disabled === true || props.readonly === true;
  const change = (next: readonly Choice[]) => props.onChange(next, props.fieldPathId.path);
  const id = props.fieldPathId.$id;
  const [focus, setFocus] = useState<string>();
  const press = (key: string) => {
    setFocus(key);
    const known = choices.findIndex((each) => each.keys === key);
    if (known === -1) change([...choices, { keys: key, name: "" }]);
    else document.getElementById(`${id}_${known}_name`)?.focus();
  };
  const replace = (index: number, choice: Choice) => change(choices.map((each, at) => (at === index ? choice : each)));
  return (
    <div className="flex flex-wrap items-start gap-5">
      <div role="group" aria-label={t.records.pad.keys} className="grid grid-cols-3 gap-1.5 rounded-xl bg-sunken p-2.5">
        {KEYS.map((key) => {
          const taken = choices.find((each) => each.keys === key);
          return (
            <button
              key={key}
              type="button"
              disabled={disabled}
              aria-label={taken === undefined ? t.records.pad.free(key) : t.records.pad.taken(key, taken.name)}
              aria-pressed={taken !== undefined}
              onClick={() => press(key)}
              className={`size-12 rounded-lg text-lead font-medium tabular-nums ${taken === undefined ? "border border-line bg-surface hover:bg-hover" : "bg-accent text-on-accent"}`}
            >
              {key}
            </button>
          );
        })}
      </div>
      <div className="flex min-w-56 flex-1 flex-col gap-2">
        {choices.length === 0 && <p className="text-soft">{t.records.pad.none}</p>}
        {choices.map((choice, index) => (
          <div key={index} data-row className="flex items-center gap-1">
            {choices.length > 1 && !disabled && (
              <MoveHandle
                label={choice.keys}
                onUp={index > 0 ? () => change(moved(choices, index, index - 1)) : undefined}
                onDown={index < choices.length - 1 ? () => change(moved(choices, index, index + 1)) : undefined}
              />
            )}
            <input
              aria-label={t.records.pad.keysOf(index + 1)}
              value={choice.keys}
              disabled={disabled}
              inputMode="tel"
              maxLength={8}
              onChange={(event) => replace(index, { ...choice, keys: event.target.value.replaceAll(/[^0-9*#]/g, "") })}
              className={`${BOX} max-w-16 border-line-strong/60 text-center tabular-nums`}
            />
            <input
              id={`${id}_${index}_name`}
              aria-label={t.records.pad.nameOf(choice.keys)}
              value={choice.name}
              disabled={disabled}
              maxLength={80}
              autoFocus={focus === choice.keys && choice.name === ""}
              placeholder={t.records.pad.name}
              onChange={(event) => replace(index, { ...choice, name: event.target.value })}
              className={`${BOX} min-w-0 flex-1 border-line-strong/60`}
            />
            {!disabled && <IconButton icon="close" label={t.records.form.remove(choice.keys)} onClick={() => change(choices.filter((_, at) => at !== index))} />}
          </div>
        ))}
        {!disabled && (
          <div>
            <Button icon="plus" onClick={() => change([...choices, { keys: "", name: "" }])}>
              {t.records.pad.several}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}

function choiceOf(value: Data): Choice {
  return { keys: typeof value["keys"] === "string" ? value["keys"] : "", name: typeof value["name"] === "string" ? value["name"] : "" };
}
