import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { Button, IconButton } from "./Button.tsx";
import { Confirm } from "./Dialog.tsx";
import { Notice } from "./Notice.tsx";

interface DeleteButtonProps {
  /** What the button says; an icon alone where it stands in a row. */
  readonly label: string;
  readonly compact?: boolean;
  readonly title: string;
  readonly help: string;
  readonly confirm: string;
  readonly onDelete: () => Promise<unknown>;
  readonly onDone: () => void;
}

/** Deletes after a question. What the node says against it is shown in the question. */
export function DeleteButton({ label, compact = false, title, help, confirm, onDelete, onDone }: DeleteButtonProps) {
  const [asking, setAsking] = useState(false);
  const deletion = useMutation({
    mutationFn: onDelete,
    onSuccess: () => {
      setAsking(false);
      onDone();
    },
  });
  const stay = () => setAsking(false);
  const ask = () => {
    deletion.reset();
    setAsking(true);
  };
  return (
    <>
      {compact ? (
        <IconButton icon="trash" label={label} onClick={ask} />
      ) : (
        <Button look="danger" icon="trash" onClick={ask}>
          {label}
        </Button>
      )}
      {asking && (
        <Confirm
          title={title}
          help={help}
          onClose={stay}
          fault={
            deletion.error !== null && (
              <Notice tone="bad" alert>
                {faultWords(deletion.error, t)}
              </Notice>
            )
          }
          cancel={
            <Button data-focus-first onClick={stay}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button look="danger" busy={deletion.isPending} onClick={() => deletion.mutate()}>
              {confirm}
            </Button>
          }
        />
      )}
    </>
  );
}
