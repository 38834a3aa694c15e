/** Documents beside a node: apply some, export what it has, and see how it stands to its bundle. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { exportDocument } from "../../api/documents.ts";
import { desk } from "../../office/documents/desk.ts";
import { readDocument } from "../../office/documents/document.ts";
import { chooseMode } from "../../office/mode.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Card } from "../../ui/Card.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { PageHead } from "../../ui/PageHead.tsx";
import { ApplyCard } from "./ApplyCard.tsx";
import { SaveButtons } from "./SaveButtons.tsx";
import { SyncCard } from "./SyncCard.tsx";
import { documentWords } from "./words.ts";

export function NodeDocuments() {
  return (
    <>
      <PageHead title={t.documents.title} lead={t.documents.lead} />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <ApplyCard />
        <div className="flex flex-col gap-4">
          <SyncCard />
          <ExportCard />
        </div>
      </div>
    </>
  );
}

function ExportCard() {
  const words = t.documents.export;
  const navigate = useNavigate();
  const [fault, setFault] = useState<unknown>(undefined);
  useEffect(() => void desk.wake(), []);

  const exported = async () => readDocument(JSON.stringify(await exportDocument()));
  const edit = async () => {
    desk.open(await exported(), window.location.host);
    await desk.settled();
    chooseMode("documents");
    await navigate({ to: "/documents" });
  };
  return (
    <Card title={words.title}>
      <div className="flex flex-col gap-3 px-4 pb-4 sm:px-5">
        <p className="text-small text-pretty text-soft">{words.help}</p>
        <SaveButtons document={exported} words={words} onSaved={() => setFault(undefined)} onFault={setFault} />
        <div className="flex flex-col items-start gap-1.5 border-t border-line pt-3">
          <Button onClick={() => void edit().catch(setFault)}>{words.edit}</Button>
          <p className="text-small text-pretty text-faint">{words.editHelp}</p>
        </div>
        {fault !== undefined && (
          <Notice tone="bad" alert>
            {documentWords(fault)}
          </Notice>
        )}
      </div>
    </Card>
  );
}
