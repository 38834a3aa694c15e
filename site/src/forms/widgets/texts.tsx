/** What is typed: lines, longer texts, numbers, times, secrets. */
import type { WidgetProps } from "@rjsf/utils";
import { useState } from "react";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { BOX } from "../../ui/Field.tsx";
import { controlOf, emptied, stateOf, type Control } from "../context.ts";
import { plainNumber } from "../phoneNumber.ts";

export function boxLook(control: Pick<Control, "wrong">): string {
  return `${BOX} ${control.wrong ? "border-bad-line" : "border-line-strong/60 hover:border-line-strong"}`;
}

/** The attributes every text box has. */
export function boxProps(control: Control) {
  return {
    id: control.id,
    name: control.name,
    value: control.text,
    disabled: control.disabled,
    "aria-label": control.hidden ? control.label : undefined,
    "aria-invalid": control.wrong || undefined,
    "aria-describedby": control.describedBy,
    onBlur: control.leave,
  };
}

const typed = (control: Control) => (event: { readonly target: { readonly value: string } }) =>
  control.change(event.target.value === "" ? emptied(control.schema) : event.target.value);

export function LineWidget(props: WidgetProps) {
  const control = controlOf(props);
  const digits = /^\^(?:\(\?![^)]*\)\$?\))?\[0-9\]/.test(control.schema.pattern ?? "");
  return (
    <input
      {...boxProps(control)}
      type="text"
      autoComplete="off"
      inputMode={digits ? "numeric" : "text"}
      maxLength={control.schema.maxLength}
      placeholder={control.placeholder}
      data-focus-first={focused(props)}
      onChange={typed(control)}
      className={boxLook(control)}
    />
  );
}

export function PhoneNumberWidget(props: WidgetProps) {
  const control = controlOf(props);
  return (
    <input
      {...boxProps(control)}
      type="tel"
      autoComplete="off"
      placeholder={control.placeholder}
      data-focus-first={focused(props)}
      onChange={typed(control)}
      onBlur={() => {
        const plain = plainNumber(control.text);
        if (plain !== control.text) control.change(plain);
        control.leave();
      }}
      className={boxLook(control)}
    />
  );
}

export function TextareaWidget(props: WidgetProps) {
  const control = controlOf(props);
  const code = control.schema["x-widget"] === "expression";
  return (
    <textarea
      {...boxProps(control)}
      rows={control.schema["x-lines"] ?? 3}
      maxLength={control.schema.maxLength}
      placeholder={control.placeholder}
      onChange={typed(control)}
      className={`${boxLook(control)} field-sizing-content max-h-96 ${code ? "font-mono" : ""}`}
    />
  );
}

export function NumberWidget(props: WidgetProps) {
  const control = controlOf(props);
  const { maximum = 0, minimum = 0 } = control.schema;
  const unit = control.schema["x-unit"] ?? "";
  return (
    <span className="flex items-center gap-2">
      <input
        {...boxProps(control)}
        type="text"
        inputMode={minimum < 0 ? "text" : "decimal"}
        autoComplete="off"
        placeholder={control.schema["x-nullable"] === true ? "–" : control.placeholder}
        onChange={(event) => control.change(event.target.value.trim() === "" ? emptied(control.schema) : event.target.value.trim())}
        className={`${boxLook(control)} max-w-28 tabular-nums ${maximum > 99_999 ? "max-w-36" : ""}`}
      />
      {unit !== "" && <span className="text-soft">{t.records.units[unit] ?? t.units[unit] ?? unit}</span>}
    </span>
  );
}

export function TimeWidget(props: WidgetProps) {
  const control = controlOf(props);
  return <input {...boxProps(control)} type="time" onChange={typed(control)} className={`${boxLook(control)} max-w-32 tabular-nums`} />;
}

/** A secret is never shown by the node: an empty box leaves it as it is. */
export function SecretWidget(props: WidgetProps) {
  const control = controlOf(props);
  const [shown, setShown] = useState(false);
  const { editing } = stateOf(props);
  const removable = editing && control.schema["x-nullable"] === true && new RegExp(control.schema.pattern ?? "$a").test("") && (control.schema.minLength ?? 0) === 0;
  const removed = removable && control.value === "";
  return (
    <span className="flex items-center gap-2">
      <span className="relative min-w-0 flex-1">
        <input
          {...boxProps(control)}
          type={shown ? "text" : "password"}
          autoComplete="new-password"
          autoCapitalize="none"
          spellCheck={false}
          placeholder={removed ? t.records.form.secretRemoved : editing ? t.records.form.secretKept : ""}
          onChange={(event) => control.change(event.target.value === "" ? null : event.target.value)}
          className={`${boxLook(control)} pr-11`}
        />
        <span className="absolute inset-y-0 right-0.5 flex items-center">
          <IconButton
            icon={shown ? "eyeOff" : "eye"}
            label={shown ? t.session.hidePassword : t.session.showPassword}
            aria-pressed={shown}
            onClick={() => setShown(!shown)}
          />
        </span>
      </span>
      {removable && (
        <Button onClick={() => control.change(removed ? null : "")}>{removed ? t.records.form.secretKeep : t.records.form.secretRemove}</Button>
      )}
    </span>
  );
}

export function focused(props: WidgetProps): boolean | undefined {
  const { focusFirst, layout, root } = stateOf(props);
  const first = layout?.sections[0]?.fields[0];
  return (focusFirst && props.id === `${root}_${first ?? ""}`) || undefined;
}
