/** Chosen documents, what they would change at the node, and the button that does it. */
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";
import { applyDocument, planDocument, type ApplyOptions } from "../../api/documents.ts";
import { queryClient } from "../../api/queries.ts";
import { desk } from "../../office/documents/desk.ts";
import { EMPTY, writeDocument, type OfficeDocument } from "../../office/documents/document.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Switch } from "../../ui/Field.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { OpenButtons } from "./OpenButtons.tsx";
import { PlanView } from "./PlanView.tsx";
import { documentWords } from "./words.ts";

interface Candidate {
  readonly name: string;
  readonly document: OfficeDocument;
}

export function ApplyCard() {
  const words = t.documents.apply;
  const [candidate, setCandidate] = useState<Candidate | undefined>(undefined);
  const [fault, setFault] = useState<unknown>(undefined);
  const open = useSyncExternalStore((listener) => desk.subscribe(listener), () => desk.state());
  useEffect(() => void desk.wake(), []);

  const choose = (chosen: Candidate | undefined) => {
    setFault(undefined);
    setCandidate(chosen);
  };
  return (
    <Card title={words.title}>
      <div className="flex flex-col gap-4 px-4 pb-5 sm:px-5">
        <p className="text-small text-pretty text-soft">{words.help}</p>
        <OpenButtons onOpened={choose} onFault={setFault}>
          {open.document !== EMPTY && (
            <Button onClick={() => choose({ name: words.draft, document: open.document })}>{words.draft}</Button>
          )}
        </OpenButtons>
        {fault !== undefined && (
          <Notice tone="bad" alert>
            {documentWords(fault)}
          </Notice>
        )}
        {candidate !== undefined && (
          <Comparison key={candidate.name} candidate={candidate} onClose={() => choose(undefined)} />
        )}
      </div>
    </Card>
  );
}

function Comparison({ candidate, onClose }: { readonly candidate: Candidate; readonly onClose: () => void }) {
  const words = t.documents.apply;
  const say = useSay();
  const [options, setOptions] = useState<ApplyOptions>({ prune: false, newPasswords: true });
  const document: unknown = JSON.parse(writeDocument(candidate.document));
  const plan = useQuery({
    queryKey: ["document-plan", candidate, options],
    queryFn: () => planDocument(document, options),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
  });
  const apply = useMutation({
    mutationFn: () => applyDocument(document, options),
    onSuccess: (done) => {
      say(words.done(done.changes));
      onClose();
      void queryClient.invalidateQueries();
    },
    onError: () => void plan.refetch(),
  });
  const changes = plan.data?.changes ?? 0;
  const possible = plan.data?.faults.length === 0 && changes > 0;
  const fault = apply.error ?? plan.error;
  return (
    <div className="flex flex-col gap-4 border-t border-line pt-4" data-plan={plan.isFetching ? "planning" : "planned"}>
      <p className="font-medium break-words">{words.candidate(candidate.name)}</p>
      <Switch
        label={words.passwords}
        help={words.passwordsHelp}
        checked={options.newPasswords}
        onChange={(newPasswords) => setOptions({ ...options, newPasswords })}
      />
      <Switch label={words.prune} help={words.pruneHelp} checked={options.prune} onChange={(prune) => setOptions({ ...options, prune })} />
      <div className="rounded-xl border border-line px-4 py-3" aria-busy={plan.isFetching || undefined}>
        {plan.data === undefined && fault === null && <p className="text-soft">{words.planning}</p>}
        {fault !== null && (
          <Notice tone="bad" alert>
            {documentWords(fault)}
          </Notice>
        )}
        {plan.data !== undefined && plan.error === null && <PlanView plan={plan.data} />}
      </div>
      <div className="flex flex-wrap gap-2">
        <Button look="primary" disabled={!possible || plan.isFetching} busy={apply.isPending} onClick={() => apply.mutate()}>
          {words.do(changes)}
        </Button>
        <Button look="quiet" onClick={onClose}>
          {words.close}
        </Button>
      </div>
    </div>
  );
}
