/** Lists of records and of fixed words: chosen ones in their order, and a box that adds another. */
import type { ErrorSchema, FieldProps, RJSFSchema, UiSchema } from "@rjsf/utils";
import type { ReactNode } from "react";
import { t } from "../../text/index.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Combo, type Option } from "../Combo.tsx";
import { schemaOf } from "../context.ts";
import { isObject, type Data, type JsonSchema } from "../json.ts";
import { MoveHandle } from "../MoveHandle.tsx";
import { emptyValue } from "../prepare.ts";
import { RefPicker, useInPlace, useOptions } from "../RefPicker.tsx";
import { uiOf } from "../ui.ts";
import { valueWords } from "../words.ts";

export function listOf(props: FieldProps): readonly string[] {
  const value: unknown = props.formData;
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === "string") : [];
}

/** The list with the member at `from` standing at `to`. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  const rest = list.filter((_, index) => index !== from);
  const member = list[from];
  return member === undefined ? list : [...rest.slice(0, to), member, ...rest.slice(to)];
}

interface OrderedProps {
  readonly keys: readonly string[];
  readonly draw: (key: string) => ReactNode;
  readonly wordsOf: (key: string) => string;
  readonly disabled: boolean;
  readonly buttons?: (key: string) => ReactNode;
  readonly onChange: (keys: readonly string[]) => void;
}

function Ordered({ keys, draw, wordsOf, disabled, buttons, onChange }: OrderedProps) {
  if (keys.length === 0) return null;
  return (
    <ul className="divide-y divide-line rounded-lg border border-line">
      {keys.map((key, index) => (
        <li key={key} data-row className="flex min-h-11 items-center gap-1 pr-1 pl-1.5">
          {keys.length > 1 && !disabled && (
            <MoveHandle
              label={wordsOf(key)}
              onUp={index > 0 ? () => onChange(moved(keys, index, index - 1)) : undefined}
              onDown={index < keys.length - 1 ? () => onChange(moved(keys, index, index + 1)) : undefined}
            />
          )}
          <span className="flex min-w-0 flex-1 items-center gap-2 px-1.5">{draw(key)}</span>
          {buttons?.(key)}
          {!disabled && (
            <IconButton icon="close" label={t.records.form.remove(wordsOf(key))} onClick={() => onChange(keys.filter((each) => each !== key))} />
          )}
        </li>
      ))}
    </ul>
  );
}

interface AddReferenceProps {
  readonly field: FieldProps;
  readonly kind: string;
  readonly keys: readonly string[];
  readonly onAdd: (key: string) => void;
}

/** The box that adds another record, while there may be one more. */
function AddReference({ field, kind, keys, onAdd }: AddReferenceProps) {
  const schema = schemaOf(field);
  if (field.disabled === true || field.readonly === true || keys.length >= (schema.maxItems ?? Infinity)) return null;
  return (
    <RefPicker
      id={`${field.fieldPathId.$id}_add`}
      kind={kind}
      value=""
      without={keys}
      label={t.records.form.addTo(schema.title ?? "")}
      placeholder={t.records.picker.add}
      wrong={(field.rawErrors?.length ?? 0) > 0}
      describedBy={`${field.fieldPathId.$id}-note`}
      onChange={(key) => {
        if (key !== "" && !keys.includes(key)) onAdd(key);
      }}
    />
  );
}

export function ReferencesField(props: FieldProps) {
  const schema = schemaOf(props);
  const kind = schema.items?.["x-ref"] ?? "";
  const keys = listOf(props);
  const options = useOptions(kind);
  const disabled = props.disabled === true || props.readonly === true;
  const change = (next: readonly string[]) => props.onChange(next, props.fieldPathId.path);
  const { open, drawer } = useInPlace(() => undefined);
  const optionOf = (key: string): Option => options?.find((each) => each.key === key) ?? { key, title: options === undefined ? key : t.records.picker.missing(key) };
  return (
    <div className="flex flex-col gap-2">
      <Ordered
        keys={keys}
        disabled={disabled}
        wordsOf={(key) => optionOf(key).title}
        draw={(key) => (
          <>
            {optionOf(key).mark}
            <span className="truncate">{optionOf(key).title}</span>
          </>
        )}
        buttons={(key) => <IconButton icon="edit" label={t.records.picker.edit(optionOf(key).title)} onClick={() => open({ kind, key })} />}
        onChange={change}
      />
      {drawer}
      <AddReference field={props} kind={kind} keys={keys} onAdd={(key) => change([...keys, key])} />
    </div>
  );
}

/** Records with something said about each, such as the agents of a queue. */
export function ReferenceRowsField(props: FieldProps) {
  const schema = schemaOf(props);
  const { items = {} } = schema;
  const { SchemaField } = props.registry.fields;
  const field = Object.keys(items.properties ?? {}).find((name) => items.properties?.[name]?.["x-ref"] !== undefined) ?? "";
  const kind = items.properties?.[field]?.["x-ref"] ?? "";
  const options = useOptions(kind);
  const value: unknown = props.formData;
  const rows = (Array.isArray(value) ? value.filter(isObject) : []).map((row) => ({ row, key: typeof row[field] === "string" ? row[field] : "" }));
  const disabled = props.disabled === true || props.readonly === true;
  const { path } = props.fieldPathId;
  const change = (next: readonly Data[]) => props.onChange(next, path);
  const titleOf = (key: string) => options?.find((each) => each.key === key)?.title ?? (options === undefined ? key : t.records.picker.missing(key));
  const rest = without(items, field);
  const keys = rows.map((each) => each.key);
  return (
    <div className="flex flex-col gap-2">
      {rows.length > 0 && (
        <ul className="divide-y divide-line rounded-lg border border-line">
          {rows.map(({ row, key }, index) => (
            <li key={key} data-row className="flex items-start gap-1 py-1 pr-1 pl-1.5">
              {rows.length > 1 && !disabled && (
                <MoveHandle
                  label={titleOf(key)}
                  onUp={index > 0 ? () => change(moved(rows, index, index - 1).map((each) => each.row)) : undefined}
                  onDown={index < rows.length - 1 ? () => change(moved(rows, index, index + 1).map((each) => each.row)) : undefined}
                />
              )}
              <details className="group min-w-0 flex-1 px-1.5">
                <summary aria-label={t.records.form.details(titleOf(key))} className="flex min-h-9 list-none items-center gap-2 [&::-webkit-details-marker]:hidden">
                  {options?.find((each) => each.key === key)?.mark}
                  <span className="min-w-0 flex-1 truncate">{titleOf(key)}</span>
                  <span className="shrink-0 truncate text-small text-faint max-sm:hidden">{changedWords(rest, row)}</span>
                  <Icon name="chevronRight" className="size-4 text-faint transition-transform group-open:rotate-90" />
                </summary>
                {SchemaField !== undefined && (
                  <div className="pt-1 pb-3">
                    <SchemaField
                      {...props}
                      name={String(index)}
                      title=""
                      schema={rest as RJSFSchema}
                      uiSchema={uiOf(rest, "none") as UiSchema}
                      formData={row}
                      errorSchema={(props.errorSchema as Readonly<Record<string, ErrorSchema>> | undefined)?.[index] ?? {}}
                      fieldPathId={{ ...props.fieldPathId, $id: `${props.fieldPathId.$id}_${index}`, path: [...path, index] }}
                    />
                  </div>
                )}
              </details>
              {!disabled && <IconButton icon="close" label={t.records.form.remove(titleOf(key))} onClick={() => change(rows.filter((each) => each.key !== key).map((each) => each.row))} />}
            </li>
          ))}
        </ul>
      )}
      <AddReference field={props} kind={kind} keys={keys} onAdd={(key) => change([...rows.map((each) => each.row), { ...(emptyValue(items) as Data), [field]: key }])} />
    </div>
  );
}

function without(schema: JsonSchema, field: string): JsonSchema {
  const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => name !== field));
  return { type: "object", properties };
}

/** What of a row is not as it begins. */
function changedWords(schema: JsonSchema, row: Data): string {
  return Object.entries(schema.properties ?? {})
    .filter(([name, property]) => row[name] !== undefined && row[name] !== property.default)
    .map(([name, property]) => (row[name] === true ? (property.title ?? name) : `${property.title ?? name} ${String(row[name])}`))
    .join(" · ");
}

/** Some of a few words, whose order means something. */
export function OrderedChoicesField(props: FieldProps) {
  const schema = schemaOf(props);
  const keys = listOf(props);
  const all = (schema.items?.enum ?? []).map(String);
  const words = (key: string) => valueWords(props.name, key, t);
  const disabled = props.disabled === true || props.readonly === true;
  const change = (next: readonly string[]) => props.onChange(next, props.fieldPathId.path);
  const left = all.filter((key) => !keys.includes(key));
  return (
    <div className="flex flex-col gap-2">
      <Ordered keys={keys} disabled={disabled} wordsOf={words} draw={words} onChange={change} />
      {!disabled && left.length > 0 && (
        <Combo
          id={`${props.fieldPathId.$id}_add`}
          value=""
          options={left.map((key) => ({ key, title: words(key) }))}
          label={t.records.form.addTo(schema.title ?? "")}
          placeholder={t.records.picker.add}
          onChange={(key) => key !== "" && change([...keys, key])}
        />
      )}
    </div>
  );
}

/** Some of a few words, in no order. */
export function ChoicesField(props: FieldProps) {
  const keys = listOf(props);
  const all = (schemaOf(props).items?.enum ?? []).map(String);
  const disabled = props.disabled === true || props.readonly === true;
  return (
    <div className="flex flex-wrap gap-x-5 gap-y-2">
      {all.map((key) => (
        <label key={key} className="flex min-h-8 cursor-pointer items-center gap-2">
          <input
            type="checkbox"
            checked={keys.includes(key)}
            disabled={disabled}
            onChange={(event) => props.onChange(all.filter((each) => (each === key ? event.target.checked : keys.includes(each))), props.fieldPathId.path)}
            className="size-4 accent-accent"
          />
          {valueWords(props.name, key, t)}
        </label>
      ))}
    </div>
  );
}
