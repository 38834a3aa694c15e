/** Objects that may be missing, and objects of one of several shapes. */
import type { FieldProps, RJSFSchema } from "@rjsf/utils";
import { t } from "../../text/index.ts";
import { BOX } from "../../ui/Field.tsx";
import { schemaOf } from "../context.ts";
import { emptyValue, tagOf } from "../prepare.ts";
import { isObject, type JsonSchema } from "../json.ts";
import { uiOf, withoutNull } from "../ui.ts";
import { valueWords } from "../words.ts";

/** A switch: off is null, on is what the schema begins with. */
export function OptionalField(props: FieldProps) {
  const schema = withoutNull(schemaOf(props));
  const { SchemaField } = props.registry.fields;
  const value: unknown = props.formData;
  const on = value !== null && value !== undefined;
  const initial = schema.type === "array" ? [] : emptyValue({ ...schema, default: undefined });
  const path = props.fieldPathId.path;
  if (SchemaField === undefined) return null;
  return (
    <div className="flex flex-col gap-3">
      <label className="flex min-h-8 cursor-pointer items-center gap-2">
        <input
          type="checkbox"
          checked={on}
          disabled={props.disabled === true || props.readonly === true}
          onChange={(event) => props.onChange((event.target.checked ? initial : null), path)}
          className="size-4 accent-accent"
        />
        {t.records.form.setIt}
      </label>
      {on && <SchemaField {...props} schema={bare(schema)} uiSchema={{ ...uiOf(schema), "ui:options": { frame: "none" } }} />}
    </div>
  );
}

/** Which shape: by the tag where there is one, else by the properties that are there. */
export function UnionField(props: FieldProps) {
  const schema = schemaOf(props);
  const { SchemaField } = props.registry.fields;
  const options = schema.oneOf ?? [];
  const tag = schema["x-tag"];
  const value: unknown = props.formData;
  const chosen = Math.max(0, options.findIndex((each) => fits(each, tag, value)));
  const option = options[chosen];
  const path = props.fieldPathId.path;
  if (SchemaField === undefined || option === undefined) return null;
  const inner = tag === undefined ? option : without(option, tag);
  return (
    <div className="flex flex-col gap-3">
      <select
        id={props.fieldPathId.$id}
        aria-labelledby={`${props.fieldPathId.$id}-label`}
        value={chosen}
        disabled={props.disabled === true || props.readonly === true}
        onChange={(event) => props.onChange(emptyValue(options[Number(event.target.value)] ?? {}), path)}
        className={`${BOX} border-line-strong/60 hover:border-line-strong`}
      >
        {options.map((each, index) => (
          <option key={index} value={index}>
            {each.title ?? valueWords(props.name, tag === undefined ? "" : (tagOf(each, tag) ?? ""), t)}
          </option>
        ))}
      </select>
      <SchemaField {...props} key={chosen} schema={bare(inner)} uiSchema={{ ...uiOf(inner), "ui:options": { frame: "none" } }} />
    </div>
  );
}

function fits(option: JsonSchema, tag: string | undefined, value: unknown): boolean {
  if (!isObject(value)) return false;
  if (tag !== undefined) return tagOf(option, tag) === value[tag];
  return Object.keys(value).every((name) => option.properties?.[name] !== undefined);
}

function without(schema: JsonSchema, name: string): JsonSchema {
  return { ...schema, properties: Object.fromEntries(Object.entries(schema.properties ?? {}).filter(([each]) => each !== name)) };
}

function bare(schema: JsonSchema): RJSFSchema {
  const words = new Set(["title", "description"]);
  return Object.fromEntries(Object.entries(schema).filter(([name]) => !words.has(name)));
}
