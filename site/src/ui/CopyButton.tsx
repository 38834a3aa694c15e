import { useEffect, useState } from "react";
import { t } from "../text/index.ts";
import { IconButton } from "./Button.tsx";
import { copyText } from "./clipboard.ts";

export function CopyButton({ value, what }: { readonly value: string; readonly what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1600);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <IconButton
        icon={copied ? "check" : "copy"}
        label={copied ? t.common.copied : t.common.copyWhat(what)}
        className={copied ? "text-good" : ""}
        onClick={(event) => void copyText(value, event.currentTarget).then(setCopied)}
      />
      <span role="status" className="sr-only">
        {copied ? t.common.copied : ""}
      </span>
    </>
  );
}
