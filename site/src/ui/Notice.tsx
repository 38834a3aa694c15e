import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon.tsx";

const LOOKS = {
  good: "bg-good-soft text-good",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  plain: "bg-sunken text-soft",
} as const;

interface NoticeProps {
  readonly tone: keyof typeof LOOKS;
  readonly icon?: IconName;
  readonly children: ReactNode;
  /** Read aloud at once, for what went wrong just now. */
  readonly alert?: boolean;
}

export function Notice({ tone, icon = "warning", children, alert = false }: NoticeProps) {
  return (
    <div role={alert ? "alert" : undefined} className={`flex items-start gap-2.5 rounded-xl px-3.5 py-2.5 ${LOOKS[tone]}`}>
      <Icon name={icon} className="mt-0.5 size-4.5" />
      <div className="min-w-0 flex-1 text-pretty">{children}</div>
    </div>
  );
}
