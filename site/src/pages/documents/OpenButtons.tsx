/** Opens a file or a folder of documents, by whichever way this browser has. */
import type { ChangeEvent, ReactNode } from "react";
import { useRef } from "react";
import { canWriteFolders, openFile, openFolder, openUploaded, type Opened } from "../../office/documents/files.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

interface OpenButtonsProps {
  readonly onOpened: (opened: Opened) => void;
  readonly onFault: (fault: unknown) => void;
  readonly children?: ReactNode;
}

export function OpenButtons({ onOpened, onFault, children }: OpenButtonsProps) {
  const file = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const take = (opening: Promise<Opened | undefined>) => {
    opening.then((opened) => {
      if (opened !== undefined) onOpened(opened);
    }, onFault);
  };
  const chosen = (event: ChangeEvent<HTMLInputElement>) => {
    const files = [...(event.target.files ?? [])];
    const [first] = files;
    if (first !== undefined) take(event.target === folder.current ? openUploaded(files) : openFile(first));
    event.target.value = "";
  };
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => file.current?.click()}>{t.documents.open.file}</Button>
      <Button onClick={() => (canWriteFolders() ? take(openFolder()) : folder.current?.click())}>
        {t.documents.open.folder}
      </Button>
      {children}
      <input ref={file} type="file" accept=".json,application/json" hidden aria-label={t.documents.open.file} onChange={chosen} />
      <input
        ref={(element) => {
          folder.current = element;
          element?.setAttribute("webkitdirectory", "");
        }}
        type="file"
        hidden
        aria-label={t.documents.open.folder}
        onChange={chosen}
      />
    </div>
  );
}
