/** What every panel of a walk has around it: its title, its way out, and a word where there is no node to ask. */
import type { ReactNode } from "react";
import { useSource } from "../../../office/source.ts";
import { t } from "../../../text/index.ts";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { DrawerHead } from "../../../ui/DrawerHead.tsx";

interface PanelShellProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function PanelShell({ title, onClose, children }: PanelShellProps) {
  const { mode } = useSource();
  return (
    <section
      aria-label={title}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.defaultPrevented) return;
        event.stopPropagation();
        onClose();
      }}
      className="flex h-full min-h-0 flex-col"
    >
      <DrawerHead title={title} onClose={onClose} />
      <div tabIndex={0} role="region" aria-label={title} className="min-h-0 flex-1 overflow-y-auto">
        {mode === "documents" ? (
          <EmptyState icon="unplugged" title={t.walk.needsNode} help={t.walk.needsNodeHelp} />
        ) : (
          children
        )}
      </div>
    </section>
  );
}
