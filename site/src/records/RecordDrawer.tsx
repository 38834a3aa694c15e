/** One record in a side panel: made, changed, duplicated, deleted. It may stand above another one. */
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Suspense, useState } from "react";
import { faultWords, RequestFault } from "../core/problem.ts";
import type { Data } from "../forms/json.ts";
import type { FormLayout } from "../forms/layouts.ts";
import { SchemaForm } from "../forms/SchemaForm.tsx";
import { kindNamed } from "../office/kinds.ts";
import type { Kind } from "../office/kinds.ts";
import { useSource, type Found } from "../office/source.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { DrawerHead } from "../ui/DrawerHead.tsx";
import { Notice } from "../ui/Notice.tsx";
import { Section } from "../ui/Section.tsx";
import { Skeleton } from "../ui/Skeleton.tsx";
import { useSay } from "../ui/toasts.tsx";
import { useUnsavedGuard } from "../ui/unsaved.tsx";
import { ConflictView } from "./ConflictView.tsx";
import { keyOf, recordQuery, titleOf } from "./data.ts";
import { DeleteButton } from "./Deletion.tsx";
import { UsedIn } from "./UsedIn.tsx";
import { useSaving } from "./useSaving.ts";

export interface RecordDrawerProps {
  readonly kind: string;
  /** The key of the record, or "new". */
  readonly recordKey: string;
  /** What a new one begins with. */
  readonly draft?: Data;
  readonly layout?: FormLayout;
  /** What stands above the form of an existing record, such as its state. */
  readonly above?: (found: Found) => ReactNode;
  readonly lead?: (found: Found) => ReactNode;
  readonly onClose: () => void;
  readonly onSaved?: (key: string) => void;
  /** Offers to begin a new one like this; without it, the drawer does so itself. */
  readonly onDuplicate?: (draft: Data) => void;
}

export function RecordDrawer(props: RecordDrawerProps) {
  const [copy, setCopy] = useState<Data>();
  const kind = kindNamed(props.kind);
  if (props.recordKey === "new" || copy !== undefined) {
    const { draft, ...rest } = props;
    return <NewRecord key={copy === undefined ? "new" : "copy"} {...rest} kindOf={kind} draft={copy ?? draft ?? {}} />;
  }
  return <OneRecord key={props.recordKey} {...props} kindOf={kind} onDuplicate={props.onDuplicate ?? setCopy} />;
}

type Inner = Omit<RecordDrawerProps, "draft"> & { readonly kindOf: Kind };

function NewRecord({ kindOf: kind, draft, layout, onClose, onSaved }: Inner & { readonly draft: Data }) {
  const say = useSay();
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  const { saving } = useSaving(kind, (key, found) => {
    say(t.records.drawer.created(titleOf(kind, found.record)));
    if (onSaved === undefined) onClose();
    else onSaved(key);
  });
  const title = t.records.drawer.newOne(t.records.kinds[kind.name]?.one ?? kind.name);
  return (
    <Dialog shape="wide" label={title} onClose={tryClose}>
      <DrawerHead title={title} onClose={tryClose} />
      <div className="min-h-0 flex-1 overflow-y-auto px-5 pt-5">
        <SchemaForm
          write={kind.write}
          value={draft}
          focusFirst
          {...(layout === undefined ? {} : { layout })}
          faults={faultsOf(saving.error, kind)}
          onDirty={setDirty}
          onSubmit={(write) => saving.mutate({ write, from: undefined })}
        >
          {({ faulty }) => (
            <Footer fault={saving.error} faulty={faulty}>
              <Button onClick={tryClose}>{t.common.cancel}</Button>
              <Button type="submit" look="primary" busy={saving.isPending}>
                {saving.isPending ? t.records.drawer.creating : t.records.drawer.create}
              </Button>
            </Footer>
          )}
        </SchemaForm>
      </div>
      {question}
    </Dialog>
  );
}

function OneRecord(props: Inner & { readonly onDuplicate: (draft: Data) => void }) {
  const { kindOf: kind, recordKey, onClose, lead } = props;
  const source = useSource();
  const { setDirty, tryClose, question } = useUnsavedGuard(onClose);
  const { data, error, isFetchedAfterMount } = useQuery(recordQuery(source, kind.name, recordKey));
  const words = t.records.kinds[kind.name]?.one ?? kind.name;
  const title = data === undefined ? recordKey : titleOf(kind, data.record);
  return (
    <Dialog shape="wide" label={`${words} ${title}`} onClose={tryClose}>
      <DrawerHead title={title} lead={data === undefined ? words : (lead?.(data) ?? words)} onClose={tryClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {error !== null && data === undefined ? (
          <div className="p-5">
            <Notice tone="bad" alert>
              {error instanceof RequestFault && error.status === 404 ? t.records.drawer.gone : faultWords(error, t)}
            </Notice>
          </div>
        ) : data === undefined || !isFetchedAfterMount ? (
          <Skeleton rows={5} />
        ) : (
          <RecordEditor {...props} loaded={data} setDirty={setDirty} />
        )}
      </div>
      {question}
    </Dialog>
  );
}

interface RecordEditorProps extends Pick<RecordDrawerProps, "layout" | "above" | "onClose" | "onSaved"> {
  readonly kindOf: Kind;
  readonly loaded: Found;
  readonly setDirty: (dirty: boolean) => void;
  readonly onDuplicate: (draft: Data) => void;
}

/** The form of an existing record with all that can be done with it, for any panel. */
export function RecordEditor({ kindOf: kind, layout, loaded, setDirty, above, onClose, onSaved, onDuplicate }: RecordEditorProps) {
  const say = useSay();
  // What the form began with; what the node has meanwhile is a matter of saving.
  const [from, setFrom] = useState(loaded);
  const [mine, setMine] = useState<Data>();
  const { saving, conflict, settle } = useSaving(kind, (key, found) => {
    say(t.records.drawer.saved);
    setDirty(false);
    setFrom(found);
    setMine(undefined);
    onSaved?.(key);
  });
  const key = keyOf(kind, from.record);
  const begin = (found: Found, value: Data | undefined) => {
    settle();
    setFrom(found);
    setMine(value);
    setDirty(value !== undefined);
  };
  if (conflict !== undefined) {
    return (
      <div className="p-5">
        <Suspense fallback={<Skeleton rows={4} />}>
          <ConflictView
            key={conflict.theirs.etag}
            write={kind.write}
            base={conflict.base}
            mine={conflict.mine}
            theirs={conflict.theirs.record}
            busy={saving.isPending}
            onSave={(write) => saving.mutate({ write, from: conflict.theirs })}
            onTakeTheirs={() => begin(conflict.theirs, undefined)}
            onBack={() => begin(from, conflict.mine)}
          />
        </Suspense>
      </div>
    );
  }
  return (
    <>
      {above?.(from)}
      <div className="px-5 pt-5">
        <SchemaForm
          // Saved, taken over from somebody else, or come back to: a form begins anew with it.
          key={`${from.etag} ${mine === undefined ? "" : "mine"}`}
          write={kind.write}
          value={mine ?? from.record}
          editing
          readOnly={[kind.key]}
          {...(layout === undefined ? {} : { layout })}
          faults={faultsOf(saving.error, kind)}
          onDirty={(dirty) => setDirty(dirty || mine !== undefined)}
          onSubmit={(write) => saving.mutate({ write, from })}
        >
          {({ dirty, faulty }) => (
            <Footer fault={saving.error} faulty={faulty}>
              <Button type="submit" look="primary" disabled={!dirty && mine === undefined} busy={saving.isPending}>
                {saving.isPending ? t.records.drawer.saving : t.records.drawer.save}
              </Button>
            </Footer>
          )}
        </SchemaForm>
      </div>
      <Section title={t.records.drawer.usedIn}>
        <UsedIn kind={kind} recordKey={key} />
      </Section>
      <div className="flex flex-wrap justify-end gap-2 px-5 py-5">
        <Button icon="copy" onClick={() => onDuplicate(copyOf(kind, from.record))}>
          {t.records.drawer.duplicate}
        </Button>
        <DeleteButton kind={kind} found={from} onDeleted={onClose} />
      </div>
    </>
  );
}

function Footer({ fault, faulty, children }: { readonly fault: Error | null; readonly faulty: boolean; readonly children: ReactNode }) {
  const refused = fault instanceof RequestFault && fault.errors.length > 0;
  const general = fault !== null && !refused && !(fault instanceof RequestFault && fault.status === 412);
  return (
    <div className="sticky bottom-0 -mx-5 mt-6 flex flex-wrap items-center justify-end gap-2 border-t border-line bg-surface px-5 py-3">
      {general && (
        <div className="w-full">
          <Notice tone="bad" alert>
            {faultWords(fault, t)}
          </Notice>
        </div>
      )}
      {(faulty || refused) && <p className="mr-auto text-small text-bad">{t.form.fixErrors}</p>}
      {children}
    </div>
  );
}

/** "Taken" belongs to the key, also where the node does not say so. */
function faultsOf(fault: Error | null, kind: Kind): RequestFault["errors"] {
  if (!(fault instanceof RequestFault)) return NONE;
  if (fault.status === 409 && fault.errors.length === 0) return taken(fault, kind);
  return fault.errors;
}

const NONE: RequestFault["errors"] = [];
const TAKEN = new WeakMap<RequestFault, RequestFault["errors"]>();

/** The same list each time: a form takes a new one as a new answer. */
function taken(fault: RequestFault, kind: Kind): RequestFault["errors"] {
  const known = TAKEN.get(fault) ?? [{ path: `$.${kind.key}`, message: fault.detail || t.form.taken }];
  TAKEN.set(fault, known);
  return known;
}

/** Everything but what names it. */
function copyOf(kind: Kind, record: Data): Data {
  const rest = Object.fromEntries(Object.entries(record).filter(([field]) => field !== kind.key));
  const name = rest["name"];
  return typeof name === "string" ? { ...rest, name: t.records.drawer.copyOf(name).slice(0, 80) } : rest;
}
