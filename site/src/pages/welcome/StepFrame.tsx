import type { ReactNode } from "react";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";

interface StepFrameProps {
  readonly title: string;
  readonly help: string;
  readonly children: ReactNode;
  readonly next: ReactNode;
  readonly onSkip?: () => void;
}

/** One step: what it is for, what it asks, and the way on. */
export function StepFrame({ title, help, children, next, onSkip }: StepFrameProps) {
  return (
    <div className="flex flex-col gap-5">
      <div>
        <h2 className="text-figure font-semibold tracking-tight">{title}</h2>
        <p className="mt-1 text-pretty text-soft">{help}</p>
      </div>
      {children}
      <div className="flex flex-wrap items-center justify-end gap-2 border-t border-line pt-4">
        {onSkip !== undefined && (
          <Button look="quiet" onClick={onSkip}>
            {t.admin.welcome.skip}
          </Button>
        )}
        {next}
      </div>
    </div>
  );
}
