import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon.tsx";

interface EmptyStateProps {
  readonly icon: IconName;
  readonly title: string;
  readonly help?: string;
  readonly children?: ReactNode;
}

/** Nothing here yet: says why, and offers the button that makes the first one. */
export function EmptyState({ icon, title, help, children }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-1 px-6 py-12 text-center">
      <span className="mb-3 flex size-12 items-center justify-center rounded-full bg-sunken text-faint">
        <Icon name={icon} className="size-6" />
      </span>
      <p className="text-lead font-medium">{title}</p>
      {help !== undefined && <p className="max-w-sm text-pretty text-soft">{help}</p>}
      {children !== undefined && <div className="mt-4 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}
