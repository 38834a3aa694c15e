import type { ReactNode } from "react";
import { t } from "../text/index.ts";
import { IconButton } from "./Button.tsx";

interface DrawerHeadProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly onClose: () => void;
}

/** The top of a side panel, with its way out. */
export function DrawerHead({ title, lead, onClose }: DrawerHeadProps) {
  return (
    <header className="flex items-start justify-between gap-3 border-b border-line py-4 pr-3 pl-5">
      <div className="min-w-0 pt-1">
        <h2 className="truncate text-figure font-semibold tracking-tight">{title}</h2>
        {lead !== undefined && <div className="mt-1 text-soft">{lead}</div>}
      </div>
      <IconButton icon="close" label={t.common.close} onClick={onClose} />
    </header>
  );
}
