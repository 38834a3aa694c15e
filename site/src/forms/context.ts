/** What the fields of a form know of the whole of it. */
import type { RJSFSchema, WidgetProps } from "@rjsf/utils";
import type { FormLayout } from "./layouts.ts";
import { isObject, type Data, type JsonSchema } from "./json.ts";

export interface FormState {
  /** An existing record is changed: what names it stays, and secrets may be left empty. */
  readonly editing: boolean;
  readonly layout: FormLayout | undefined;
  readonly root: string;
  /** Of the whole form, to show only what applies. */
  readonly value: Data;
  readonly focusFirst: boolean;
  readonly compact: boolean;
}

export function stateOf(props: { readonly registry: { readonly formContext: unknown } }): FormState {
  return props.registry.formContext as FormState;
}

/** rjsf's type for schemas is wider than what the node writes. */
export function schemaOf(props: { readonly schema: RJSFSchema }): JsonSchema {
  return props.schema as JsonSchema;
}

/** What every control of a form has in common. */
export interface Control {
  readonly id: string;
  readonly name: string;
  readonly label: string;
  readonly schema: JsonSchema;
  readonly value: unknown;
  readonly text: string;
  readonly wrong: boolean;
  readonly describedBy: string;
  readonly disabled: boolean;
  readonly placeholder: string | undefined;
  /** For a control in a list, which has no label of its own on the page. */
  readonly hidden: boolean;
  readonly change: (value: unknown) => void;
  readonly leave: () => void;
}

export function controlOf(props: WidgetProps): Control {
  const schema = schemaOf(props);
  const value: unknown = props.value;
  const example = schema.examples?.[0];
  return {
    id: props.id,
    name: props.name,
    label: props.label,
    schema,
    value,
    text: typeof value === "string" || typeof value === "number" ? String(value) : "",
    wrong: (props.rawErrors?.length ?? 0) > 0,
    describedBy: `${props.id}-note`,
    disabled: props.disabled === true || props.readonly === true,
    placeholder: typeof example === "string" || typeof example === "number" ? String(example) : undefined,
    hidden: props.options["frame"] === "item",
    change: (next) => props.onChange(next),
    leave: () => props.onBlur(props.id, value),
  };
}

/** What an emptied text box means: nothing where that is allowed, else a value that is missing. */
export function emptied(schema: JsonSchema): unknown {
  if (schema["x-nullable"] === true) return null;
  return schema.default === "" ? "" : undefined;
}

export function hasFaults(errors: unknown): boolean {
  if (!isObject(errors)) return false;
  return Object.entries(errors).some(([name, inner]) =>
    name === "__errors" ? Array.isArray(inner) && inner.length > 0 : hasFaults(inner),
  );
}
