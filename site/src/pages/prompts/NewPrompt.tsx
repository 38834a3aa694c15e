import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../../api/client.ts";
import { queryClient } from "../../api/queries.ts";
import { faultWords, faultsByField } from "../../core/problem.ts";
import { slugOf } from "../../core/slug.ts";
import { PROMPTS } from "../../media/queries.ts";
import type { Prompt } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";

interface NewPromptProps {
  readonly taken: readonly string[];
  readonly onClose: () => void;
  readonly onMade: (id: string) => void;
}

/** A name is enough: its sound is made in the drawer that opens next. */
export function NewPrompt({ taken, onClose, onMade }: NewPromptProps) {
  const [name, setName] = useState("");
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => request<Prompt>("/prompts", { method: "POST", body: { id: slugOf(name, "prompt", taken), name: name.trim() } }),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({ queryKey: PROMPTS });
      onMade(made.id);
    },
  });
  const faults = faultsByField(error);
  return (
    <Dialog label={t.media.prompts.newTitle} onClose={onClose}>
      <form
        className="flex flex-col gap-4 p-6"
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") mutate();
        }}
      >
        <h2 className="text-lead font-semibold">{t.media.prompts.newTitle}</h2>
        <Field
          data-focus-first
          label={t.media.prompts.name}
          help={t.media.prompts.nameHelp}
          fault={faults["name"]}
          value={name}
          maxLength={60}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
        {error !== null && faults["name"] === undefined && (
          <Notice tone="bad" alert>
            {faultWords(error, t)}
          </Notice>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t.common.cancel}</Button>
          <Button look="primary" type="submit" busy={isPending} disabled={name.trim() === ""}>
            {t.media.prompts.newDone}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
