/** Chooses a record of the office: searched by number and name, with its state, made and changed in place. */
import type { WidgetProps } from "@rjsf/utils";
import { lazy, Suspense, useState } from "react";
import { createPortal } from "react-dom";
import { KINDS, kindNamed } from "../office/kinds.ts";
import { useSource } from "../office/source.ts";
import { keyOf, titleOf, useRecords } from "../records/data.ts";
import { useMarks } from "../records/marks.tsx";
import { t } from "../text/index.ts";
import { IconButton } from "../ui/Button.tsx";
import { Combo, type Option } from "./Combo.tsx";
import { controlOf, emptied, stateOf } from "./context.ts";
import { plainNumber } from "./phoneNumber.ts";

const RecordDrawer = lazy(() => import("../records/RecordDrawer.tsx").then((module) => ({ default: module.RecordDrawer })));

/** The records of a kind as options; undefined while they are not known. */
export function useOptions(kind: string): readonly Option[] | undefined {
  const { data } = useRecords(kind);
  const marks = useMarks(kind);
  const named = kindNamed(kind);
  return data?.map((record) => {
    const key = keyOf(named, record);
    return { key, title: titleOf(named, record), mark: marks(key) };
  });
}

interface InPlace {
  readonly kind: string;
  readonly key: string;
  readonly draft?: Readonly<Record<string, unknown>>;
}

/** A drawer above whatever is open. It is a form of its own, so it stands outside of the one it was opened from. */
export function useInPlace(onMade: (key: string) => void) {
  const [open, setOpen] = useState<InPlace>();
  const drawer =
    open !== undefined &&
    createPortal(
      <Suspense>
        <RecordDrawer
          kind={open.kind}
          recordKey={open.key}
          {...(open.draft === undefined ? {} : { draft: open.draft })}
          onClose={() => setOpen(undefined)}
          onSaved={(key) => {
            if (open.key === "new") onMade(key);
            setOpen(undefined);
          }}
        />
      </Suspense>,
      document.body,
    );
  return { open: setOpen, drawer };
}

interface RefPickerProps {
  readonly kind: string;
  readonly id: string;
  readonly value: string;
  readonly label?: string | undefined;
  readonly describedBy?: string | undefined;
  readonly placeholder?: string | undefined;
  readonly wrong?: boolean;
  readonly disabled?: boolean;
  /** Those that are chosen already. */
  readonly without?: readonly string[];
  readonly onChange: (key: string) => void;
  readonly onLeave?: () => void;
}

export function RefPicker({ kind, without = [], onChange, ...props }: RefPickerProps) {
  const options = useOptions(kind);
  const { open, drawer } = useInPlace(onChange);
  const missing = props.value !== "" && options !== undefined && !options.some((each) => each.key === props.value);
  const words = t.records.kinds[kind];
  return (
    <>
      <span className="flex items-center gap-1">
        <Combo
          {...props}
          wrong={props.wrong === true || missing}
          options={(options ?? []).filter((each) => !without.includes(each.key))}
          {...(missing ? { shown: t.records.picker.missing(props.value) } : {})}
          placeholder={props.placeholder ?? t.records.picker.placeholder}
          create={
            kind === "flow" || props.disabled === true
              ? undefined
              : { label: (typed) => t.records.picker.create(words?.one ?? kind, typed), run: (typed) => open({ kind, key: "new", draft: draftOf(kind, typed) }) }
          }
          onChange={onChange}
        />
        {props.value !== "" && !missing && kind !== "flow" && (
          <IconButton icon="edit" label={t.records.picker.edit(props.value)} onClick={() => open({ kind, key: props.value })} />
        )}
      </span>
      {drawer}
    </>
  );
}

/** What was typed is the number or the name of the new one. */
export function draftOf(kind: string, typed: string): Readonly<Record<string, unknown>> {
  const text = typed.trim();
  if (text === "") return {};
  if (kindNamed(kind).key === "number" && /^\+?\d+$/.test(text)) return { number: text };
  return { name: text };
}

export function ReferenceWidget(props: WidgetProps) {
  const control = controlOf(props);
  return (
    <RefPicker
      kind={control.schema["x-ref"] ?? ""}
      id={control.id}
      value={control.text}
      label={control.hidden ? control.label : undefined}
      describedBy={control.describedBy}
      placeholder={control.schema["x-nullable"] === true ? t.records.form.none : undefined}
      wrong={control.wrong}
      disabled={control.disabled}
      onChange={(key) => control.change(key === "" ? emptied(control.schema) : key)}
      onLeave={control.leave}
    />
  );
}

/** Where a call goes: any number of the office, a code, or a number outside. */
export function DestinationWidget(props: WidgetProps) {
  const control = controlOf(props);
  const options = useDestinations();
  const source = useSource();
  const found = options.find((each) => each.key === control.text);
  const { open, drawer } = useInPlace((key) => control.change(key));
  return (
    <>
      <span className="flex items-center gap-1">
        <Combo
          id={control.id}
          value={control.text}
          options={options}
          free
          placeholder={control.schema["x-nullable"] === true ? t.records.form.nowhere : t.records.picker.destination}
          label={control.hidden ? control.label : undefined}
          describedBy={control.describedBy}
          wrong={control.wrong}
          disabled={control.disabled}
          focusFirst={stateOf(props).focusFirst && false}
          onChange={(key) => control.change(key === "" ? emptied(control.schema) : key)}
          onLeave={() => {
            const plain = plainNumber(control.text);
            if (plain !== control.text) control.change(plain);
            control.leave();
          }}
        />
        {found !== undefined && found.kind !== "flow" && source.mode === "node" && (
          <IconButton icon="edit" label={t.records.picker.edit(found.title)} onClick={() => open({ kind: found.kind, key: found.key })} />
        )}
      </span>
      {drawer}
    </>
  );
}

const NUMBERED = KINDS.filter((kind) => kind.numbered);

/** Everything in the office that has a number of its own. */
function useDestinations(): readonly (Option & { readonly kind: string })[] {
  const lists = [
    useRecords("extension"),
    useRecords("ring_group"),
    useRecords("queue"),
    useRecords("flow"),
    useRecords("conference"),
    useRecords("paging_group"),
  ];
  const marks = useMarks("extension");
  const names = ["extension", "ring_group", "queue", "flow", "conference", "paging_group"];
  return lists.flatMap(({ data }, index) => {
    const kind = NUMBERED.find((each) => each.name === names[index]);
    if (kind === undefined || data === undefined) return [];
    return data.map((record) => ({
      key: keyOf(kind, record),
      title: titleOf(kind, record),
      kind: kind.name,
      note: kind.name === "extension" ? "" : (t.records.kinds[kind.name]?.one ?? ""),
      mark: kind.name === "extension" ? marks(keyOf(kind, record)) : null,
    }));
  });
}
