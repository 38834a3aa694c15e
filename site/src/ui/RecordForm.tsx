/** A form drawn from a record's schema. Nothing here knows which record it is. */
import type { ReactNode, SyntheticEvent } from "react";
import { useMemo, useState } from "react";
import { faultsOf, sameValues, toRecord, type Field as FieldSpec, type FieldValue, type FormValues } from "../core/schema.ts";
import { t } from "../text/index.ts";
import { Field, Switch } from "./Field.tsx";
import { PasswordField } from "./PasswordField.tsx";

export type RecordValues = Readonly<Record<string, string | number | boolean>>;

interface RecordFormProps {
  readonly fields: readonly FieldSpec[];
  readonly initial: FormValues;
  /** What the node said about single fields. */
  readonly nodeFaults?: Readonly<Record<string, string>>;
  readonly helps?: Readonly<Record<string, string>>;
  readonly focusFirst?: boolean;
  readonly onSubmit: (record: RecordValues) => void;
  readonly onDirty?: (dirty: boolean) => void;
  /** Buttons and notices below the fields. */
  readonly children: (state: { readonly dirty: boolean; readonly faulty: boolean }) => ReactNode;
}

export function RecordForm(props: RecordFormProps) {
  const { fields, initial, nodeFaults = {}, helps = {}, focusFirst = false, onSubmit, onDirty, children } = props;
  const [values, setValues] = useState<FormValues>(initial);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [sent, setSent] = useState(false);
  const [changedSince, setChangedSince] = useState<ReadonlySet<string>>(new Set());
  const faults = useMemo(() => faultsOf(fields, values, t), [fields, values]);

  const change = (name: string, value: FieldValue) => {
    const next = { ...values, [name]: value };
    setValues(next);
    setChangedSince(new Set([...changedSince, name]));
    onDirty?.(!sameValues(next, initial));
  };
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    setSent(true);
    setChangedSince(new Set());
    const first = fields.find((field) => faults[field.name] !== undefined);
    if (first === undefined) onSubmit(toRecord(fields, values));
    else event.currentTarget.querySelector<HTMLInputElement>(`[name="${first.name}"]`)?.focus();
  };
  const faultFor = (name: string) => {
    if ((sent || left.has(name)) && faults[name] !== undefined) return faults[name];
    return changedSince.has(name) ? undefined : nodeFaults[name];
  };

  return (
    <form noValidate onSubmit={submit} className="flex flex-col gap-4">
      {fields.map((field, index) => (
        <RecordField
          key={field.name}
          field={field}
          value={values[field.name] ?? field.initial}
          help={helps[field.name] ?? field.help}
          fault={faultFor(field.name)}
          focusFirst={focusFirst && index === 0}
          onChange={(value) => change(field.name, value)}
          onLeave={() => setLeft(new Set([...left, field.name]))}
        />
      ))}
      {children({ dirty: !sameValues(values, initial), faulty: sent && Object.keys(faults).length > 0 })}
    </form>
  );
}

interface RecordFieldProps {
  readonly field: FieldSpec;
  readonly value: FieldValue;
  readonly help: string;
  readonly fault: string | undefined;
  readonly focusFirst: boolean;
  readonly onChange: (value: FieldValue) => void;
  readonly onLeave: () => void;
}

function RecordField({ field, value, help, fault, focusFirst, onChange, onLeave }: RecordFieldProps) {
  if (field.kind === "boolean") {
    return <Switch label={field.label} help={help} checked={value === true} onChange={onChange} />;
  }
  const shared = {
    label: field.label,
    name: field.name,
    help,
    fault,
    "data-focus-first": focusFirst || undefined,
    value: String(value),
    maxLength: field.maxLength,
    autoComplete: "off",
    onBlur: () => {
      // Leaving an untouched empty field is not a mistake yet.
      if (value !== "") onLeave();
    },
    onChange: (event: { readonly target: { readonly value: string } }) => onChange(event.target.value),
  };
  if (field.kind === "password") return <PasswordField {...shared} autoComplete="new-password" />;
  const numeric = field.kind === "integer" || field.pattern?.source.startsWith("^[0-9]") === true;
  return (
    <Field
      {...shared}
      placeholder={field.placeholder}
      inputMode={numeric ? "numeric" : "text"}
      unit={field.unit}
      narrow={field.kind === "integer"}
    />
  );
}
