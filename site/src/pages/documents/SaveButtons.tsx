/** Writes documents to the disk, as one file or as a folder. */
import type { OfficeDocument } from "../../office/documents/document.ts";
import { canWriteFolders, download, saveFolder } from "../../office/documents/files.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

interface SaveButtonsProps {
  /** Asked for when a button is pressed. */
  readonly document: () => Promise<OfficeDocument>;
  readonly words: { readonly file: string; readonly folder: string };
  readonly onSaved: (name: string) => void;
  readonly onFault: (fault: unknown) => void;
}

const FILE = "office.json";

export function SaveButtons({ document, words, onSaved, onFault }: SaveButtonsProps) {
  const asFile = async () => {
    download(await document(), FILE);
    onSaved(FILE);
  };
  const asFolder = async () => {
    const name = await saveFolder(await document());
    if (name !== undefined) onSaved(name);
  };
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => void asFile().catch(onFault)}>{words.file}</Button>
      {canWriteFolders() && <Button onClick={() => void asFolder().catch(onFault)}>{words.folder}</Button>}
      {!canWriteFolders() && <p className="basis-full text-small text-faint">{t.documents.save.noFolder}</p>}
    </div>
  );
}
