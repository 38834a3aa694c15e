/** The list of templates, with a form for one of them. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { SegmentCount } from "../../edge/SegmentCount.tsx";
import { TextArea } from "../../edge/TextArea.tsx";
import { changeTemplate, createTemplate, deleteTemplate, TEMPLATES, templatesQuery } from "../../edge/texts.ts";
import type { TextTemplate } from "../../edge/types.ts";
import { useMay } from "../../media/useMay.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { DrawerHead } from "../../ui/DrawerHead.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";

interface TemplatesProps {
  readonly onClose: () => void;
  /** Without it, they are only looked after. */
  readonly onPick?: (text: string) => void;
}

export function Templates({ onClose, onPick }: TemplatesProps) {
  const query = useQuery(templatesQuery);
  const may = useMay("texts:write");
  const [editing, setEditing] = useState<TextTemplate | "new">();
  return (
    <Dialog shape="side" label={e.texts.templates} onClose={onClose}>
      <DrawerHead title={e.texts.templates} lead={onPick === undefined ? e.texts.templatesLead : e.texts.templatesPick} onClose={onClose} />
      <div className="min-h-0 flex-1 overflow-y-auto">
        {editing !== undefined ? (
          <TemplateForm key={editing === "new" ? "new" : editing.id} template={editing === "new" ? undefined : editing} onDone={() => setEditing(undefined)} />
        ) : (
          <EdgeLoaded query={query}>
            {({ items }) => (
              <>
                {items.length === 0 && <EmptyState icon="list" title={e.texts.noTemplates} help={e.texts.noTemplatesHelp} />}
                <ul className="divide-y divide-line">
                  {items.map((each) => (
                    <li key={each.id} data-template={each.name} className="flex items-start gap-2 px-5 py-3">
                      <button type="button" disabled={onPick === undefined} onClick={() => onPick?.(each.text)} className="min-w-0 flex-1 text-left enabled:hover:text-accent">
                        <span className="block font-medium">{each.name}</span>
                        <span className="line-clamp-2 text-small text-soft">{each.text}</span>
                      </button>
                      {may && <IconButton icon="edit" label={e.texts.editTemplate(each.name)} onClick={() => setEditing(each)} />}
                    </li>
                  ))}
                </ul>
                {may && (
                  <div className="p-5">
                    <Button icon="plus" onClick={() => setEditing("new")}>
                      {e.texts.newTemplate}
                    </Button>
                  </div>
                )}
              </>
            )}
          </EdgeLoaded>
        )}
      </div>
    </Dialog>
  );
}

function TemplateForm({ template, onDone }: { readonly template: TextTemplate | undefined; readonly onDone: () => void }) {
  const [name, setName] = useState(template?.name ?? "");
  const [text, setText] = useState(template?.text ?? "");
  const client = useQueryClient();
  const save = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: TEMPLATES });
      onDone();
    },
  });
  const body = { name: name.trim(), text: text.trim() };
  return (
    <form
      className="flex flex-col gap-4 p-5"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(() => (template === undefined ? createTemplate(body) : changeTemplate(template.id, body)));
      }}
    >
      <Field label={e.texts.templateName} value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} data-focus-first />
      <TextArea label={e.texts.templateText} value={text} rows={5} maxLength={1600} required onChange={(event) => setText(event.target.value)} />
      <SegmentCount text={text} />
      {save.error !== null && (
        <Notice tone="bad" alert>
          {edgeFaultWords(save.error)}
        </Notice>
      )}
      <div className="flex flex-wrap justify-between gap-2">
        {template === undefined ? (
          <span />
        ) : (
          <Button look="danger" icon="trash" onClick={() => save.mutate(() => deleteTemplate(template.id))}>
            {t.common.delete}
          </Button>
        )}
        <span className="flex gap-2">
          <Button onClick={onDone}>{t.common.cancel}</Button>
          <Button type="submit" look="primary" busy={save.isPending} disabled={body.name === "" || body.text === ""}>
            {t.common.save}
          </Button>
        </span>
      </div>
    </form>
  );
}
