/** Deleting a record: says what still uses it, and can be undone for some seconds. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { faultWords, RequestFault } from "../core/problem.ts";
import { loadForm } from "../forms/load.ts";
import { written } from "../forms/values.ts";
import { formValue } from "../forms/values.ts";
import type { Kind } from "../office/kinds.ts";
import { useSource, type Found, type OutsideNumberFate } from "../office/source.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Dialog.tsx";
import { Notice } from "../ui/Notice.tsx";
import { useSay } from "../ui/toasts.tsx";
import { keyOf, titleOf, useRenew, useUsers } from "./data.ts";
import { UserList } from "./UsedIn.tsx";

interface DeleteButtonProps {
  readonly kind: Kind;
  readonly found: Found;
  readonly onDeleted: () => void;
}

export function DeleteButton(props: DeleteButtonProps) {
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button look="danger" icon="trash" onClick={() => setAsking(true)}>
        {t.common.delete}
      </Button>
      {asking && <Question {...props} onStay={() => setAsking(false)} />}
    </>
  );
}

function Question({ kind, found, onDeleted, onStay }: DeleteButtonProps & { readonly onStay: () => void }) {
  const source = useSource();
  const renew = useRenew();
  const say = useSay();
  const undo = useUndo(kind, found);
  const key = keyOf(kind, found.record);
  const name = titleOf(kind, found.record);
  const { data: users = [] } = useUsers(kind, key);
  const deletion = useMutation({
    mutationFn: ({ force, outsideNumber }: { readonly force: boolean; readonly outsideNumber?: OutsideNumberFate }) =>
      source.remove(kind.name, key, { force, ...(outsideNumber !== undefined && { outsideNumber }) }),
    onSuccess: async () => {
      onDeleted();
      say(t.records.deletion.deleted(name), { label: t.records.deletion.undo, run: undo });
      await renew();
    },
  });
  // The node knows of uses that its records do not show, such as what is live.
  const refused = deletion.error instanceof RequestFault && deletion.error.status === 409 ? deletion.error : undefined;
  const used = users.length > 0 || refused !== undefined;
  const numbered = refused?.slug === "outside-number";
  return (
    <Confirm
      title={t.records.deletion.ask(name)}
      help={used ? t.records.deletion.stillUsedHelp : t.records.deletion.help}
      onClose={onStay}
      fault={
        <>
          {used && (
            <div className="mt-2 max-h-56 overflow-y-auto rounded-xl bg-warn-soft px-3.5 py-2.5">
              <p className="mb-1 font-medium text-warn">{t.records.deletion.stillUsed}</p>
              {users.length > 0 && !numbered ? <UserList users={users} /> : <p>{refused?.detail}</p>}
            </div>
          )}
          {deletion.error !== null && refused === undefined && (
            <Notice tone="bad" alert>
              {faultWords(deletion.error, t)}
            </Notice>
          )}
        </>
      }
      cancel={
        <Button data-focus-first onClick={onStay}>
          {t.common.cancel}
        </Button>
      }
      confirm={
        numbered ? (
          (["keep", "release"] as const).map((outsideNumber) => (
            <Button key={outsideNumber} look="danger" busy={deletion.isPending} onClick={() => deletion.mutate({ force: used, outsideNumber })}>
              {t.records.deletion.outsideNumber[outsideNumber]}
            </Button>
          ))
        ) : (
          <Button look="danger" busy={deletion.isPending} onClick={() => deletion.mutate({ force: used })}>
            {deletion.isPending ? t.records.deletion.deleting : used ? t.records.deletion.force : t.records.deletion.confirm}
          </Button>
        )
      }
    />
  );
}

/** Makes the record again as it was read. Its secrets nobody can read, so they are gone. */
function useUndo(kind: Kind, found: Found): () => void {
  const source = useSource();
  const renew = useRenew();
  const say = useSay();
  return () => {
    const name = titleOf(kind, found.record);
    void loadForm(kind.write, undefined)
      .then(({ schema }) => source.create(kind.name, written(schema, formValue(schema, found.record))))
      .then(async () => {
        say(kind.secrets.length > 0 ? t.records.deletion.undoneSecret(name) : t.records.deletion.undone(name));
        await renew();
      })
      .catch((fault: unknown) => say(t.records.deletion.undoFailed(faultWords(fault, t))));
  };
}
