/** What is chosen: switches, one of a few, countries, time zones. */
import type { WidgetProps } from "@rjsf/utils";
import { useMemo } from "react";
import { t } from "../../text/index.ts";
import { BOX } from "../../ui/Field.tsx";
import { Combo, type Option } from "../Combo.tsx";
import { controlOf, emptied, schemaOf } from "../context.ts";
import { countries, timeZones } from "../places.ts";
import { valueWords } from "../words.ts";

export function SwitchWidget(props: WidgetProps) {
  const on = props.value === true;
  return (
    <button
      id={props.id}
      type="button"
      role="switch"
      aria-checked={on}
      aria-labelledby={`${props.id}-label`}
      aria-describedby={`${props.id}-note`}
      disabled={props.disabled === true || props.readonly === true}
      onClick={() => props.onChange(!on)}
      className={`relative mt-0.5 h-6 w-11 shrink-0 rounded-full border transition-colors disabled:opacity-55 ${on ? "border-accent bg-accent" : "border-line-strong bg-sunken"}`}
    >
      <span
        className={`absolute top-0.5 left-0.5 size-4.5 rounded-full transition-transform ${on ? "translate-x-5 bg-on-accent" : "bg-line-strong"}`}
      />
    </button>
  );
}

export function ChoiceWidget(props: WidgetProps) {
  const control = controlOf(props);
  const { enum: values = [], default: initial } = control.schema;
  const optional = control.schema["x-nullable"] === true || (initial === undefined && control.value === undefined);
  return (
    <select
      id={control.id}
      value={control.text}
      disabled={control.disabled}
      aria-label={control.hidden ? control.label : undefined}
      aria-invalid={control.wrong || undefined}
      aria-describedby={control.describedBy}
      onChange={(event) => control.change(values.find((each) => String(each) === event.target.value) ?? emptied(control.schema))}
      onBlur={control.leave}
      className={`${BOX} pr-8 ${control.wrong ? "border-bad-line" : "border-line-strong/60 hover:border-line-strong"}`}
    >
      {optional && !values.includes("") && <option value="">{t.records.form.choosePlease}</option>}
      {values.map((each) => (
        <option key={String(each)} value={String(each)}>
          {valueWords(props.name, String(each), t)}
        </option>
      ))}
    </select>
  );
}

export function CountryWidget(props: WidgetProps) {
  const options = useMemo(() => countries(t.locale, schemaOf(props).pattern?.includes("001") === true), [props]);
  return <PlaceCombo {...props} options={{ ...props.options, places: options }} />;
}

export function TimeZoneWidget(props: WidgetProps) {
  const options = useMemo(() => timeZones(), []);
  return <PlaceCombo {...props} options={{ ...props.options, places: options }} />;
}

function PlaceCombo(props: WidgetProps) {
  const control = controlOf(props);
  return (
    <Combo
      id={control.id}
      value={control.text}
      options={props.options["places"] as readonly Option[]}
      label={control.hidden ? control.label : undefined}
      describedBy={control.describedBy}
      wrong={control.wrong}
      disabled={control.disabled}
      placeholder={control.schema["x-nullable"] === true ? t.records.form.none : control.placeholder}
      onChange={(key) => control.change(key === "" ? emptied(control.schema) : key)}
      onLeave={control.leave}
    />
  );
}
