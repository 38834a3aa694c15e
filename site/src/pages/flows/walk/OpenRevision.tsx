/** A revision to look at: nothing can be changed, but it can be taken as the draft, exported, or made live again. */
import { useEffect, useEffectEvent } from "react";
import { useQuery } from "@tanstack/react-query";
import { faultWords } from "../../../core/problem.ts";
import { formatFull } from "../../../core/time.ts";
import { useEditor } from "../../../flow/editor.ts";
import type { Flow } from "../../../flow/types.ts";
import { t } from "../../../text/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { Skeleton } from "../../../ui/Skeleton.tsx";
import { useSay } from "../../../ui/toasts.tsx";
import { revisionQuery } from "./queries.ts";

interface OpenRevisionProps {
  readonly revision: number;
  readonly onRollBack: () => void;
  readonly onClose: () => void;
}

export function OpenRevision({ revision, onRollBack, onClose }: OpenRevisionProps) {
  const { number, view, change, fitTo } = useEditor();
  const { data, error } = useQuery(revisionQuery(number, revision));
  const say = useSay();
  const document = (data?.document ?? undefined) as Flow | undefined;
  const author = data === undefined || data.author === "" ? t.walk.revision.unknownAuthor : data.author;

  const look = useEffectEvent((document: Flow | undefined) => {
    view(document === undefined ? undefined : { document, title: t.walk.revision.viewing(revision, author) });
    if (document !== undefined) fitTo([]);
  });
  useEffect(() => look(document), [document]);
  useEffect(() => () => look(undefined), []);

  if (error !== null) return <EmptyState icon="warning" title={faultWords(error, t)} />;
  if (data === undefined || document === undefined) return <Skeleton rows={4} />;
  const take = () => {
    view(undefined);
    change(t.walk.revision.takeAsDraft, (draft) => ({ ...document, number: draft.number }));
    say(t.walk.revision.asDraftDone(revision));
    onClose();
  };
  return (
    <section aria-label={t.walk.revision.one(revision)} data-open-revision={revision} className="flex flex-col gap-4 px-5 py-5">
      <div>
        <h3 className="text-lead font-semibold">{t.walk.revision.one(revision)}</h3>
        <p className="text-soft tabular-nums">
          {author}, {formatFull(data.at, t.locale)}
        </p>
      </div>
      {data.comment !== "" && <p className="text-pretty wrap-anywhere">{data.comment}</p>}
      {data.overridden.length > 0 && (
        <p className="text-pretty text-warn">{t.walk.revision.overridden(data.overridden.join(", "))}</p>
      )}
      <div className="flex flex-col items-start gap-2">
        <Button icon="chevronLeft" onClick={onClose}>
          {t.walk.revision.backToDraft}
        </Button>
        <Button icon="copy" onClick={take}>
          {t.walk.revision.asDraft}
        </Button>
        <Button icon="restart" onClick={onRollBack}>
          {t.walk.revision.rollBackWhat(revision)}
        </Button>
        <Button icon="arrowRight" onClick={() => download(document, revision)}>
          {t.walk.revision.export}
        </Button>
      </div>
    </section>
  );
}

function download(flow: Flow, revision: number): void {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(flow, undefined, 2)}\n`], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `flow-${flow.number}-revision-${revision}.json`;
  link.click();
  URL.revokeObjectURL(url);
}
