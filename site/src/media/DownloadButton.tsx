/** A file of the node to keep. On the node's own site the browser takes it straight to the disk, however large it is. */
import type { ReactNode } from "react";
import { useState } from "react";
import { mediaUrl, requestRaw } from "../api/client.ts";
import { faultWords } from "../core/problem.ts";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useSay } from "../ui/toasts.tsx";

interface DownloadButtonProps {
  /** Below /api/v1. */
  readonly path: string;
  readonly name: string;
  readonly ending: string;
  readonly children: ReactNode;
}

export function DownloadButton({ path, name, ending, children }: DownloadButtonProps) {
  const say = useSay();
  const [busy, setBusy] = useState(false);
  const url = mediaUrl(path);
  const file = `${name}.${ending}`;
  if (url !== undefined) {
    return (
      <a
        href={url}
        download={file}
        className="inline-flex min-h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3.5 whitespace-nowrap hover:border-line-strong hover:bg-hover md:min-h-9"
      >
        <Icon name="download" />
        {children}
      </a>
    );
  }
  const fetchIt = async () => {
    setBusy(true);
    try {
      const made = URL.createObjectURL(await (await requestRaw(path)).blob());
      const link = document.createElement("a");
      link.href = made;
      link.download = file;
      link.click();
      URL.revokeObjectURL(made);
    } catch (fault) {
      say(faultWords(fault, t));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button icon="download" busy={busy} onClick={() => void fetchIt()}>
      {children}
    </Button>
  );
}
