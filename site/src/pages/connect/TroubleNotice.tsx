import type { Trouble } from "../../core/place.ts";
import { t } from "../../text/index.ts";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Notice } from "../../ui/Notice.tsx";

interface TroubleNoticeProps {
  readonly node: string;
  readonly trouble: Trouble;
}

/** Why this page cannot reach a node, in plain words, and what to do. */
export function TroubleNotice({ node, trouble }: TroubleNoticeProps) {
  const words = t.connect.trouble;
  const help = { mixed: words.mixedHelp, unreachable: words.unreachableHelp, origin: words.originHelp }[trouble];
  return (
    <Notice tone="bad" alert>
      <p className="font-medium">{words[trouble]}</p>
      <p className="mt-1">{help}</p>
      {trouble === "origin" && (
        <p className="mt-2 flex items-center justify-between gap-2 rounded-lg bg-surface pl-3 text-ink">
          <code className="min-w-0 py-1.5 font-mono text-small break-all">{window.location.origin}</code>
          <CopyButton value={window.location.origin} what={words.line} />
        </p>
      )}
      <p className="mt-2">
        <a href={node} target="_blank" rel="noreferrer" className="font-medium underline underline-offset-4">
          {words.open}
        </a>
      </p>
    </Notice>
  );
}
