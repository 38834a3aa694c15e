/**
 * A form drawn from a schema of the node: of a record (`write="Queue"`), or of a flow's node (`schema={parameters}`).
 * What the schema can decide is checked here; the node has the last word, and its faults show at their fields.
 */
import Form from "@rjsf/core";
import type { ErrorSchema, RegistryFieldsType, RegistryWidgetsType, RJSFSchema, UiSchema, ValidatorType } from "@rjsf/utils";
import type { ReactNode } from "react";
import { Suspense, use, useEffect, useId, useMemo, useRef, useState } from "react";
import type { FieldFault } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { Skeleton } from "../ui/Skeleton.tsx";
import type { FormState } from "./context.ts";
import { ChoicesField, OrderedChoicesField, ReferenceRowsField, ReferencesField } from "./fields/lists.tsx";
import { DigitPadField, WeeklyField } from "./fields/pads.tsx";
import { OptionalField, UnionField } from "./fields/structures.tsx";
import { isObject, same, type Data, type JsonSchema } from "./json.ts";
import { LAYOUTS, type FormLayout } from "./layouts.ts";
import { loadForm, type LoadedForm } from "./load.ts";
import { DestinationWidget, ReferenceWidget } from "./RefPicker.tsx";
import { ArrayFieldItemTemplate, ArrayFieldTemplate, FieldTemplate, ObjectFieldTemplate } from "./templates.tsx";
import { uiOf } from "./ui.ts";
import { faultsIn, faultTree, nodeFaults, type Fault } from "./validator.ts";
import { followed, formValue, written } from "./values.ts";
import { ChoiceWidget, CountryWidget, SwitchWidget, TimeZoneWidget } from "./widgets/choices.tsx";
import { LineWidget, NumberWidget, PhoneNumberWidget, SecretWidget, TextareaWidget, TimeWidget } from "./widgets/texts.tsx";

const WIDGETS: RegistryWidgetsType = {
  line: LineWidget,
  phoneNumber: PhoneNumberWidget,
  textarea: TextareaWidget,
  template: TextareaWidget,
  expression: TextareaWidget,
  number: NumberWidget,
  time: TimeWidget,
  password: SecretWidget,
  switch: SwitchWidget,
  choice: ChoiceWidget,
  country: CountryWidget,
  timeZone: TimeZoneWidget,
  reference: ReferenceWidget,
  destination: DestinationWidget,
};

const FIELDS: RegistryFieldsType = {
  references: ReferencesField,
  referenceRows: ReferenceRowsField,
  choices: ChoicesField,
  orderedChoices: OrderedChoicesField,
  weekly: WeeklyField,
  digitPad: DigitPadField,
  optional: OptionalField,
  union: UnionField,
};

const TEMPLATES = { FieldTemplate, ObjectFieldTemplate, ArrayFieldTemplate, ArrayFieldItemTemplate };

export interface FormStatus {
  readonly dirty: boolean;
  readonly value: Data;
  /** The form was sent and has faults that the schema knows of. */
  readonly faulty: boolean;
}

export interface SchemaFormProps {
  /** The name of what is written: "Queue", "TrunkWrite" … */
  readonly write?: string;
  /** The parameters of a node type, in place of `write`. */
  readonly schema?: unknown;
  /** What is edited; without one, what the schema begins with. */
  readonly value?: Data | undefined;
  /** What the node said is wrong, by field path ("$.agents[0].extension"). */
  readonly faults?: readonly FieldFault[];
  /** An existing record: its key stays, and empty secrets are kept. */
  readonly editing?: boolean;
  /** Fields that are shown and cannot be changed; and those that are not shown. */
  readonly readOnly?: readonly string[] | true;
  readonly omit?: readonly string[];
  readonly layout?: FormLayout;
  readonly focusFirst?: boolean;
  /** Only some fields are written, of what is otherwise there: faults of the others do not count. */
  readonly partial?: boolean;
  /** Faults show while typing, not only after sending: for forms that are never sent. */
  readonly live?: boolean;
  /** Other widgets for some `x-widget`s. */
  readonly widgets?: RegistryWidgetsType;
  readonly onChange?: (value: Data, valid: boolean) => void;
  readonly onDirty?: (dirty: boolean) => void;
  readonly onSubmit?: (value: Data) => void;
  /** Notices and buttons below the fields. */
  readonly children?: (status: FormStatus) => ReactNode;
}

export function SchemaForm(props: SchemaFormProps) {
  return (
    <Suspense fallback={<Skeleton rows={4} />}>
      <LoadingForm {...props} />
    </Suspense>
  );
}

function LoadingForm(props: SchemaFormProps) {
  return <LoadedSchemaForm {...props} form={use(loadForm(props.write, props.schema))} />;
}

const NO_FAULTS: readonly FieldFault[] = [];
const NOTHING: readonly string[] = [];

function LoadedSchemaForm(props: SchemaFormProps & { readonly form: LoadedForm }) {
  const { form, faults = NO_FAULTS, editing = false, readOnly = NOTHING, omit = NOTHING, live = false, focusFirst = false, onChange, onDirty, onSubmit } = props;
  const root = useId().replaceAll(/[^\w-]/g, "");
  const element = useRef<HTMLDivElement>(null);
  const schema = useMemo(() => without(form.schema, omit), [form, omit]);
  const [initial] = useState(() => formValue(schema, props.value));
  const [value, setValue] = useState(initial);
  const [seen, setSeen] = useState({ faults, value });
  const [sent, setSent] = useState(false);
  // What the node refused is what was in the form when its answer came.
  if (seen.faults !== faults) setSeen({ faults, value });

  const uiSchema = useMemo(() => {
    const own = uiOf(schema, "none");
    const locked = readOnly === true ? [] : readOnly;
    return { ...own, ...Object.fromEntries(locked.map((name) => [name, { ...(own[name] as object), "ui:readonly": true }])) };
  }, [schema, readOnly]);
  const validator = useMemo(() => validatorOf(form, schema, props.partial === true), [form, schema, props.partial]);
  const { byField, others } = nodeFaults(faults, seen.value, value, schema);
  const state: FormState = {
    editing,
    layout: props.layout ?? (props.write === undefined ? undefined : LAYOUTS[props.write]),
    root,
    value,
    focusFirst,
    compact: false,
  };
  const ownFaults = sent || live ? faultsIn(form.validate, schema, written(schema, value), t) : [];
  // A panel sets the focus when it opens, which is before its form has been fetched.
  useEffect(() => {
    if (focusFirst) element.current?.querySelector<HTMLElement>("[data-focus-first]")?.focus();
  }, [focusFirst]);
  const focusFault = () =>
    requestAnimationFrame(() => element.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());

  return (
    <div ref={element} className="min-w-0">
      <Form
        schema={schema as RJSFSchema}
        uiSchema={uiSchema as UiSchema}
        validator={validator}
        formData={value}
        formContext={state}
        idPrefix={root}
        widgets={{ ...WIDGETS, ...props.widgets }}
        fields={FIELDS}
        templates={TEMPLATES}
        readonly={readOnly === true}
        extraErrors={faultTree([...byField, ...(live && !sent ? ownFaults : [])]) as ErrorSchema}
        liveValidate={sent ? "onChange" : false}
        showErrorList={false}
        noHtml5Validate
        experimental_componentUpdateStrategy="always"
        onChange={({ formData }) => {
          const typed = formData as Data;
          const next = !editing && schema.properties?.["id"] !== undefined && schema.properties["name"] !== undefined ? followed(value, typed) : typed;
          setValue(next);
          onDirty?.(!same(next, initial));
          onChange?.(written(schema, next), form.validate?.(written(schema, next)) ?? true);
        }}
        onSubmit={({ formData }, event) => {
          event.stopPropagation();
          setSent(true);
          onSubmit?.(written(schema, formData as Data));
        }}
        onError={() => {
          setSent(true);
          focusFault();
        }}
      >
        <>
          {others.length > 0 && (
            <ul role="alert" className="mt-4 list-disc pl-5 text-bad">
              {others.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ul>
          )}
          {props.children?.({ dirty: !same(value, initial), value, faulty: sent && ownFaults.length > 0 })}
        </>
      </Form>
    </div>
  );
}

/** rjsf asks whether values are valid; the functions made from the schemas answer. */
function validatorOf(form: LoadedForm, schema: JsonSchema, partial: boolean): ValidatorType {
  const find = (value: unknown): readonly Fault[] => {
    if (!isObject(value)) return [];
    const found = faultsIn(form.validate, schema, written(schema, value), t);
    return partial ? found.filter(({ path }) => schema.properties?.[path[0] ?? ""] !== undefined) : found;
  };
  return {
    validateFormData(formData: unknown) {
      const found = find(formData);
      return {
        errors: found.map(({ path, message }) => ({ stack: message, message, property: `.${path.join(".")}` })),
        errorSchema: faultTree(found) as ErrorSchema,
      };
    },
    // Only asked for alternatives, which have a field of their own here.
    isValid: () => true,
    rawValidation: () => ({ errors: [] }),
  };
}

function without(schema: JsonSchema, names: readonly string[]): JsonSchema {
  if (names.length === 0) return schema;
  const properties = Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([name]) => !names.includes(name)));
  return { ...schema, properties, required: (schema.required ?? []).filter((name) => !names.includes(name)) };
}
