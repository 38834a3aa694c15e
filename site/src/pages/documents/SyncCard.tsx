/** The bundle that the node follows: which one is in force, what went wrong, look now, and back. */
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useState } from "react";
import { checkSync, rollBackSync, syncQuery } from "../../api/documents.ts";
import { queryClient } from "../../api/queries.ts";
import { formatFull } from "../../core/time.ts";
import type { SyncState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { FaultList } from "./FaultList.tsx";
import { documentWords } from "./words.ts";

export function SyncCard() {
  const { data: state, error } = useQuery(syncQuery);
  return (
    <Card title={t.documents.sync.title}>
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-5">
        {state === undefined && error === null && <Skeleton rows={3} />}
        {state === undefined && error !== null && <Notice tone="bad">{documentWords(error)}</Notice>}
        {state !== undefined && <State state={state} />}
      </div>
    </Card>
  );
}

function State({ state }: { readonly state: SyncState }) {
  const words = t.documents.sync;
  const [asking, setAsking] = useState(false);
  const look = useMutation({ mutationFn: checkSync, onSuccess: take });
  if (state.url === "" && state.sequence === null) {
    return (
      <div className="pb-1">
        <p className="font-medium">{words.none}</p>
        <p className="text-small text-pretty text-soft">{words.noneHelp}</p>
      </div>
    );
  }
  return (
    <>
      {state.url !== "" && <Trouble state={state} />}
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-small">
        {state.url !== "" && <Fact name={words.from}>{state.url}</Fact>}
        {state.office !== "" && <Fact name={words.office}>{state.office}</Fact>}
        <Fact name={words.sequence}>{state.sequence ?? words.before}</Fact>
        {typeof state.applied_at === "string" && <Fact name={words.applied}>{formatFull(state.applied_at, t.locale)}</Fact>}
        {state.url !== "" && (
          <Fact name={words.checked}>
            {typeof state.checked_at === "string" ? formatFull(state.checked_at, t.locale) : words.never}
            {`, ${words.every(state.interval_s)}`}
          </Fact>
        )}
      </dl>
      <History state={state} />
      {look.error !== null && <Notice tone="bad">{documentWords(look.error)}</Notice>}
      <div className="flex flex-wrap gap-2">
        {state.url !== "" && (
          <Button busy={look.isPending} onClick={() => look.mutate()}>
            {words.check}
          </Button>
        )}
        {state.can_roll_back && (
          <Button look="danger" onClick={() => setAsking(true)}>
            {words.roll}
          </Button>
        )}
      </div>
      {asking && <RollBack sequence={state.sequence ?? 0} onClose={() => setAsking(false)} />}
    </>
  );
}

function Trouble({ state }: { readonly state: SyncState }) {
  const words = t.documents.sync;
  const { trouble } = state;
  if (trouble === "") return <StatusMark tone="good">{words.fine}</StatusMark>;
  return (
    <Notice tone={trouble === "refused" ? "bad" : "warn"}>
      <p className="font-medium">{words.trouble[trouble]}</p>
      <p className="text-small break-words">{state.error}</p>
      {state.faults.length > 0 && (
        <div className="mt-2 text-ink">
          <FaultList faults={state.faults} />
        </div>
      )}
    </Notice>
  );
}

function History({ state }: { readonly state: SyncState }) {
  const words = t.documents.sync;
  const revisions = state.revisions.slice(0, 5);
  if (revisions.length === 0) return null;
  return (
    <div>
      <h3 className="mb-1 text-small font-medium text-soft">{words.history}</h3>
      <ul className="flex flex-col gap-0.5 text-small">
        {revisions.map((each) => (
          <li key={each.sequence} className="flex flex-wrap justify-between gap-x-3">
            <span className={`tabular-nums ${typeof each.rolled_back_at === "string" ? "text-faint line-through" : ""}`}>
              {each.sequence}
            </span>
            <span className="text-soft">
              {typeof each.rolled_back_at === "string" ? words.rolledBack : words.changes(each.changes)}
              {` · ${formatFull(each.applied_at, t.locale)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function RollBack({ sequence, onClose }: { readonly sequence: number; readonly onClose: () => void }) {
  const words = t.documents.sync;
  const say = useSay();
  const back = useMutation({
    mutationFn: rollBackSync,
    onSuccess: (state) => {
      take(state);
      void queryClient.invalidateQueries();
      say(words.rolled(sequence));
      onClose();
    },
  });
  return (
    <Confirm
      title={words.rollTitle}
      help={words.rollHelp(sequence)}
      onClose={onClose}
      fault={
        back.error !== null && (
          <Notice tone="bad" alert>
            {documentWords(back.error)}
          </Notice>
        )
      }
      cancel={
        <Button data-focus-first onClick={onClose}>
          {words.cancel}
        </Button>
      }
      confirm={
        <Button look="danger" busy={back.isPending} onClick={() => back.mutate()}>
          {words.roll}
        </Button>
      }
    />
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-soft">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  );
}

function take(state: SyncState): void {
  queryClient.setQueryData(syncQuery.queryKey, state);
}
