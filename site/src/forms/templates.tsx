/** How the parts of a form stand on the page: labels, groups, sections, lists. */
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps,
} from "@rjsf/utils";
import type { ReactNode } from "react";
import { t } from "../text/index.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { hasFaults, stateOf } from "./context.ts";
import type { FormSection } from "./layouts.ts";
import { MoveHandle } from "./MoveHandle.tsx";
import type { Frame } from "./ui.ts";

export function FieldTemplate(props: FieldTemplateProps) {
  const { id, label, children, rawErrors = [], rawDescription, uiSchema, required } = props;
  const options = (uiSchema?.["ui:options"] ?? {}) as { readonly frame?: Frame };
  const frame = options.frame ?? "none";
  if (props.hidden === true) return <div hidden>{children}</div>;
  const note = <Note id={`${id}-note`} faults={rawErrors} help={frame === "item" ? "" : (rawDescription ?? "")} />;
  switch (frame) {
    case "none":
      return (
        <>
          {children}
          {rawErrors.length > 0 && note}
        </>
      );
    case "item":
      return (
        <div className="flex min-w-0 flex-1 flex-col gap-1">
          {children}
          {note}
        </div>
      );
    case "switch":
      return (
        <div className="flex items-start justify-between gap-4">
          <div className="min-w-0">
            <label id={`${id}-label`} htmlFor={id} className="font-medium">
              {label}
            </label>
            {note}
          </div>
          {children}
        </div>
      );
    case "group":
      return (
        <div role="group" aria-labelledby={`${id}-label`} aria-describedby={`${id}-note`} className="flex flex-col gap-1.5">
          <span id={`${id}-label`} className="font-medium">
            {label}
          </span>
          {note}
          {children}
        </div>
      );
    case "field":
      return (
        <div className="flex flex-col gap-1.5">
          <label id={`${id}-label`} htmlFor={id} className="font-medium">
            {label}
            {required === false && props.schema["x-nullable" as never] !== true ? null : null}
          </label>
          {children}
          {note}
        </div>
      );
  }
}

function Note({ id, faults, help }: { readonly id: string; readonly faults: readonly string[]; readonly help: string }) {
  if (faults.length === 0 && help === "") return null;
  return (
    <p id={id} className={`text-small text-pretty ${faults.length > 0 ? "text-bad" : "text-faint"}`}>
      {faults.length > 0 ? faults.join(" ") : help}
    </p>
  );
}

export function ObjectFieldTemplate(props: ObjectFieldTemplateProps) {
  const { properties, fieldPathId, errorSchema } = props;
  const { root, layout, value } = stateOf(props);
  if (fieldPathId.$id !== root) {
    const bare = (props.uiSchema?.["ui:options"] as { readonly frame?: Frame } | undefined)?.frame === "none";
    const look = bare ? "grid grid-cols-[repeat(auto-fit,minmax(11rem,1fr))] items-start gap-x-4 gap-y-3" : "flex flex-col gap-4 border-l-2 border-line pl-4";
    return <div className={look}>{properties.map((each) => each.content)}</div>;
  }
  if (layout === undefined) return <div className="flex flex-col gap-5">{properties.map((each) => each.content)}</div>;
  const hidden = layout.hidden?.(value) ?? [];
  const shown = properties.filter((each) => !hidden.includes(each.name));
  const named = new Set(layout.sections.flatMap((section) => section.fields));
  const rest = shown.filter((each) => !named.has(each.name)).map((each) => each.name);
  const sections: readonly FormSection[] = rest.length === 0 ? layout.sections : [...layout.sections, { title: "more", fields: rest, folded: true }];
  return (
    <div className="flex flex-col gap-5">
      {sections.map((section) => {
        const fields = section.fields.flatMap((name) => shown.filter((each) => each.name === name));
        if (fields.length === 0) return null;
        const faulty = section.fields.some((name) => hasFaults((errorSchema as Readonly<Record<string, unknown>> | undefined)?.[name]));
        return (
          <FormPart key={section.title ?? ""} section={section} faulty={faulty}>
            {fields.map((each) => each.content)}
          </FormPart>
        );
      })}
    </div>
  );
}

function FormPart({ section, faulty, children }: { readonly section: FormSection; readonly faulty: boolean; readonly children: ReactNode }) {
  const body = <div className="flex flex-col gap-5">{children}</div>;
  if (section.title === undefined) return body;
  const words = t.records.sections[section.title] ?? section.title;
  if (section.folded !== true) {
    return (
      <section className="border-t border-line pt-4">
        <h4 className="mb-4 font-semibold">{words}</h4>
        {body}
      </section>
    );
  }
  return (
    // A fault inside opens it.
    <details className="group border-t border-line pt-4" {...(faulty ? { open: true } : {})}>
      <summary className="flex list-none items-center gap-2 font-semibold [&::-webkit-details-marker]:hidden">
        <Icon name="chevronRight" className="size-4 text-faint transition-transform group-open:rotate-90" />
        {words}
      </summary>
      <div className="pt-4">{body}</div>
    </details>
  );
}

export function ArrayFieldTemplate({ items, canAdd, onAddClick, disabled, readonly, title }: ArrayFieldTemplateProps) {
  return (
    <div className="flex flex-col gap-2">
      {items.length > 0 && <div className="flex flex-col gap-2">{items}</div>}
      {canAdd === true && disabled !== true && readonly !== true && (
        <div>
          <Button icon="plus" aria-label={t.records.form.addTo(title)} onClick={onAddClick}>
            {t.records.form.add}
          </Button>
        </div>
      )}
    </div>
  );
}

export function ArrayFieldItemTemplate({ children, buttonsProps, index, totalItems, hasToolbar, schema }: ArrayFieldItemTemplateProps) {
  const { hasMoveUp, hasMoveDown, hasRemove, onMoveUpItem, onMoveDownItem, onRemoveItem } = buttonsProps;
  const object = schema.properties !== undefined;
  const name = t.records.form.entry(index + 1);
  return (
    <div data-row className={`flex min-w-0 gap-1 ${object ? "items-start rounded-xl border border-line p-3" : "items-start"}`}>
      {totalItems > 1 && (
        <MoveHandle
          label={name}
          onUp={hasMoveUp ? () => onMoveUpItem() : undefined}
          onDown={hasMoveDown ? () => onMoveDownItem() : undefined}
        />
      )}
      <div className="min-w-0 flex-1">{children}</div>
      {hasToolbar && hasRemove && <IconButton icon="close" label={t.records.form.remove(name)} onClick={() => onRemoveItem()} />}
    </div>
  );
}
