import type { ReactNode } from "react";
import { LanguageButton } from "../shell/LanguageButton.tsx";
import { ThemeButton } from "../shell/ThemeButton.tsx";
import { Logo } from "../ui/Icon.tsx";

interface EntryFrameProps {
  readonly title: string;
  readonly lead: string;
  readonly wide?: boolean;
  readonly children: ReactNode;
  readonly footer?: ReactNode;
}

/** The quiet page around log-in, set-up and the choice of an office. */
export function EntryFrame({ title, lead, wide = false, children, footer }: EntryFrameProps) {
  return (
    <div className="flex min-h-dvh flex-col items-center px-4 py-6">
      <div className="flex w-full max-w-5xl justify-end">
        <LanguageButton />
        <ThemeButton />
      </div>
      <main className={`my-auto w-full py-6 ${wide ? "max-w-xl" : "max-w-sm"}`}>
        <Logo className="mb-5 size-11" />
        <h1 className="text-title font-semibold tracking-tight">{title}</h1>
        <p className="mt-1 mb-7 text-lead text-soft">{lead}</p>
        {children}
        {footer}
      </main>
    </div>
  );
}
