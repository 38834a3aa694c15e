/** One line of the health list: what it is about, why it is not well, what to do, and where that is done. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { HealthLine } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { Icon } from "../ui/Icon.tsx";

/** The page on which a person can mend it; for the rest it is the machine that needs one. */
const MENDED_AT = {
  extensions: "/phones",
  "hold music": "/settings",
  "call flows": "/flows",
  "configuration bundle": "/documents",
  "phones that sleep": "/push-phones",
  lines: "/trunks",
} as const;

export function HealthText({ line, mark }: { readonly line: HealthLine; readonly mark?: ReactNode }) {
  const at = line.ok ? undefined : MENDED_AT[line.name as keyof typeof MENDED_AT];
  const [cause, action] = t.health[line.code]?.(line.facts) ?? [line.cause, line.action];
  return (
    <>
      <p className="flex items-center gap-2 font-medium">
        {mark}
        {t.admin.system.checks[line.name] ?? line.name}
      </p>
      {cause !== "" && <p className="text-small text-pretty break-words">{cause}</p>}
      {action !== "" && (
        <p className="text-small text-pretty">
          <span className="font-medium">{t.dashboard.whatToDo}</span> {action}
        </p>
      )}
      {at !== undefined && (
        <Link to={at} className="mt-1 inline-flex min-h-8 items-center gap-1 text-small font-medium underline underline-offset-2">
          {t.admin.system.mend}
          <Icon name="chevronRight" className="size-3.5" />
        </Link>
      )}
    </>
  );
}
