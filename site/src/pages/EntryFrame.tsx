import type { ReactNode } from "react";
import { ThemeButton } from "../shell/ThemeButton.tsx";
import { Logo } from "../ui/Icon.tsx";

interface EntryFrameProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ReactNode;
}

/** The quiet page around log-in and set-up. */
export function EntryFrame({ title, lead, children }: EntryFrameProps) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-6">
      <div className="flex w-full max-w-5xl justify-end">
        <ThemeButton />
      </div>
      <main className="my-auto w-full max-w-sm py-6">
        <Logo className="mb-5 size-11" />
        <h1 className="text-title font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 mb-7 text-lead text-soft">{lead}</p>
        {children}
      </main>
    </div>
  );
}
