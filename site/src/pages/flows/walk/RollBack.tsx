/** An old revision becomes what calls take, as a new one. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { queryClient } from "../../../api/queries.ts";
import { faultWords, RequestFault } from "../../../core/problem.ts";
import { useEditor } from "../../../flow/editor.ts";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Field } from "../../../ui/Field.tsx";
import { Notice } from "../../../ui/Notice.tsx";
import { useSay } from "../../../ui/toasts.tsx";
import { Tick } from "./Inputs.tsx";
import { rollBackFlow } from "./queries.ts";

/** What a revision that is made live changes; never the draft that is being edited. */
const OF_REVISIONS: ReadonlySet<string> = new Set(["flow-revisions", "flow-revision", "flow-diff", "flow-states"]);

export function RollBack({ revision, onClose }: { readonly revision: number; readonly onClose: () => void }) {
  const { number } = useEditor();
  const say = useSay();
  const [comment, setComment] = useState("");
  const [override, setOverride] = useState(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: () => rollBackFlow(number, revision, comment.trim(), override),
    onSuccess: async (made) => {
      await queryClient.invalidateQueries({
        predicate: ({ queryKey }) => typeof queryKey[0] === "string" && OF_REVISIONS.has(queryKey[0]),
      });
      say(t.walk.revision.done(made.revision));
      onClose();
    },
  });
  const errors = error instanceof RequestFault ? error.errors : [];
  const onlyTests = errors.length > 0 && errors.every((each) => each.path === "$.tests");
  return (
    <form
      className="flex flex-col gap-4 px-5 py-5"
      onSubmit={(event) => {
        event.preventDefault();
        mutate();
      }}
    >
      <div>
        <h3 className="text-lead font-semibold">{t.walk.revision.rollBackWhat(revision)}</h3>
        <p className="text-pretty text-soft">{t.walk.revision.rollBackLead(revision)}</p>
      </div>
      <Field
        label={t.walk.revision.comment}
        help={t.walk.revision.commentHelp}
        autoFocus
        maxLength={500}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      {error !== null && (
        <Notice tone="bad" alert>
          <p className="font-medium">{faultWords(error, t)}</p>
          <ul>
            {errors.map((each, index) => (
              <li key={index}>{each.message}</li>
            ))}
          </ul>
        </Notice>
      )}
      {(onlyTests || override) && <Tick label={t.walk.revision.overrideTests} checked={override} onChange={setOverride} />}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" look="primary" busy={isPending}>
          {t.walk.revision.confirm}
        </Button>
        <Button onClick={onClose}>{t.common.cancel}</Button>
      </div>
    </form>
  );
}
