/** Asks before throwing away what was typed. */
import type { ReactNode } from "react";
import { useEffect, useState } from "react";
import { t } from "../text/index.ts";
import { Button } from "./Button.tsx";
import { Confirm } from "./Dialog.tsx";

interface UnsavedGuard {
  readonly setDirty: (dirty: boolean) => void;
  /** Close now, or ask first. */
  readonly tryClose: () => void;
  /** The question, when it is being asked. */
  readonly question: ReactNode;
}

export function useUnsavedGuard(onClose: () => void): UnsavedGuard {
  const [dirty, setDirty] = useState(false);
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    if (!dirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [dirty]);

  const stay = () => setAsking(false);
  const question = asking && (
    <Confirm
      title={t.phones.unsavedTitle}
      help={t.phones.unsavedHelp}
      onClose={stay}
      cancel={
        <Button data-focus-first onClick={stay}>
          {t.phones.unsavedStay}
        </Button>
      }
      confirm={
        <Button look="danger" onClick={onClose}>
          {t.phones.unsavedLeave}
        </Button>
      }
    />
  );
  return { setDirty, tryClose: dirty ? () => setAsking(true) : onClose, question };
}
