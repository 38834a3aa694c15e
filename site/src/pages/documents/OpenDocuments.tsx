/** Documents without a node: open, look, check, save. The pages of the records edit what lies open. */
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useDesk } from "../../office/documents/DocumentsOffice.tsx";
import { builtIn, HAS_CONTENT } from "../../office/documents/content.ts";
import { desk } from "../../office/documents/desk.ts";
import { EMPTY, type OfficeDocument } from "../../office/documents/document.ts";
import type { Opened } from "../../office/documents/files.ts";
import { RULES } from "../../office/documents/rules.ts";
import { documentFaults, recordsOf } from "../../office/documents/source.ts";
import { KINDS } from "../../office/kinds.ts";
import { chooseMode } from "../../office/mode.ts";
import { formatShortClock } from "../../core/time.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { FaultList } from "./FaultList.tsx";
import { titleOf } from "./PlanView.tsx";
import { OpenButtons } from "./OpenButtons.tsx";
import { SaveButtons } from "./SaveButtons.tsx";
import { documentWords } from "./words.ts";

export function OpenDocuments() {
  const { document, forgetful } = useDesk();
  const [fault, setFault] = useState<unknown>(undefined);
  return (
    <>
      <PageHead title={t.documents.title} lead={t.documents.offlineLead} />
      <div className="mb-4 flex flex-col gap-3">
        <Notice tone="plain" icon="unplugged">
          {t.documents.offlineNote}
        </Notice>
        {forgetful && <Notice tone="warn">{t.documents.forgetful}</Notice>}
        {fault !== undefined && (
          <Notice tone="bad" alert>
            {documentWords(fault)}
          </Notice>
        )}
      </div>
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex flex-col gap-4">
          <HereCard />
          {document !== EMPTY && <CheckCard document={document} />}
        </div>
        <div className="flex flex-col gap-4">
          <OpenCard onFault={setFault} />
          <SaveCard onFault={setFault} />
          <PublishCard />
        </div>
      </div>
    </>
  );
}

function HereCard() {
  const words = t.documents.here;
  const { document, origin, changed, savedAt } = useDesk();
  const kinds = KINDS.filter((kind) => recordsOf(document, kind).length > 0);
  return (
    <Card title={words.title}>
      {kinds.length === 0 ? (
        <EmptyState icon="copy" title={words.nothing} help={words.nothingHelp}>
          <Link
            to="/records/$kind"
            params={{ kind: "extension" }}
            className="inline-flex min-h-9 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover"
          >
            {words.first}
          </Link>
        </EmptyState>
      ) : (
        <>
          <p className="px-4 pb-3 text-small text-soft sm:px-5">
            {[
              origin === "" ? words.fresh : words.from(origin),
              changed ? words.changed : words.same,
              savedAt === undefined ? "" : words.kept(formatShortClock(savedAt, t.locale)),
            ]
              .filter(Boolean)
              .join(" · ")}
          </p>
          <ul className="divide-y divide-line border-t border-line">
            {kinds.map((kind) => (
              <li key={kind.name}>
                <Link
                  to="/records/$kind"
                  params={{ kind: kind.name }}
                  className="flex min-h-11 items-center justify-between gap-4 px-4 hover:bg-hover sm:px-5"
                >
                  <span className="font-medium">{titleOf(kind.name)}</span>
                  <span className="text-small text-soft tabular-nums">{words.records(recordsOf(document, kind).length)}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}

function CheckCard({ document }: { readonly document: OfficeDocument }) {
  const faults = useMemo(() => documentFaults(RULES, document), [document]);
  const words = t.documents.check;
  return (
    <Card title={words.title} aside={faults.length > 0 && <span className="text-small text-bad">{words.count(faults.length)}</span>}>
      <div className="px-4 pb-4 sm:px-5" data-faults={faults.length}>
        {faults.length === 0 ? <p className="text-soft">{words.fine}</p> : <FaultList faults={faults} />}
      </div>
    </Card>
  );
}

function OpenCard({ onFault }: { readonly onFault: (fault: unknown) => void }) {
  const words = t.documents.open;
  const { changed } = useDesk();
  const [waiting, setWaiting] = useState<Opened | undefined>(undefined);
  const put = (opened: Opened) => {
    desk.open(opened.document, opened.name);
    onFault(undefined);
    setWaiting(undefined);
  };
  const take = (opened: Opened) => (changed ? setWaiting(opened) : put(opened));
  return (
    <Card title={words.title}>
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-5">
        <p className="text-small text-pretty text-soft">{words.help}</p>
        <OpenButtons onOpened={take} onFault={onFault}>
          {HAS_CONTENT && (
            <Button onClick={() => void builtIn().then((document) => take({ document, name: words.site }), onFault)}>
              {words.site}
            </Button>
          )}
          <Button look="quiet" onClick={() => take({ document: EMPTY, name: "" })}>
            {words.fresh}
          </Button>
        </OpenButtons>
      </div>
      {waiting !== undefined && (
        <Confirm
          title={words.replaceTitle}
          help={words.replaceHelp}
          onClose={() => setWaiting(undefined)}
          cancel={
            <Button data-focus-first onClick={() => setWaiting(undefined)}>
              {words.keep}
            </Button>
          }
          confirm={
            <Button look="danger" onClick={() => put(waiting)}>
              {words.replace}
            </Button>
          }
        />
      )}
    </Card>
  );
}

function SaveCard({ onFault }: { readonly onFault: (fault: unknown) => void }) {
  const words = t.documents.save;
  const say = useSay();
  const { document } = useDesk();
  const secret = KINDS.some((kind) => recordsOf(document, kind).some((each) => kind.secrets.some((name) => each[name])));
  return (
    <Card title={words.title}>
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-5">
        <p className="text-small text-pretty text-soft">{words.help}</p>
        {secret && <Notice tone="warn">{words.secrets}</Notice>}
        <SaveButtons
          document={() => Promise.resolve(document)}
          words={words}
          onSaved={(name) => {
            desk.saved(name);
            onFault(undefined);
            say(words.saved(name));
          }}
          onFault={onFault}
        />
      </div>
    </Card>
  );
}

function PublishCard() {
  const words = t.documents.publish;
  return (
    <Card title={words.title}>
      <div className="flex flex-col items-start gap-3 px-4 pb-4 sm:px-5">
        <p className="text-small text-pretty text-soft">{words.help}</p>
        <Button onClick={() => chooseMode("node")}>{words.connect}</Button>
      </div>
    </Card>
  );
}
