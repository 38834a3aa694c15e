import { Link } from "@tanstack/react-router";
import type { PagePath } from "../../shell/nav.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon, type IconName } from "../../ui/Icon.tsx";

const NEXT: readonly (readonly [to: PagePath, icon: IconName, name: "trunk" | "flow" | "users" | "phones"])[] = [
  ["/phones", "phone", "phones"],
  ["/trunks", "plug", "trunk"],
  ["/flows", "flow", "flow"],
  ["/users", "user", "users"],
];

/** Success is a heard call, and nothing else. */
export function DoneStep({ heard, onBack }: { readonly heard: boolean; readonly onBack: () => void }) {
  return (
    <div className="flex flex-col gap-5">
      <div className="flex items-start gap-4">
        <span className={`flex size-12 shrink-0 items-center justify-center rounded-full ${heard ? "bg-good-soft text-good" : "bg-warn-soft text-warn"}`}>
          <Icon name={heard ? "check" : "warning"} className="size-6" />
        </span>
        <div>
          <h2 className="text-figure font-semibold tracking-tight">{heard ? t.admin.welcome.doneTitle : t.admin.welcome.notDoneTitle}</h2>
          <p className="mt-1 text-pretty text-soft">{heard ? t.admin.welcome.doneHelp : t.admin.welcome.notDoneHelp}</p>
          {!heard && (
            <Button look="primary" className="mt-3" onClick={onBack}>
              {t.admin.welcome.backToCall}
            </Button>
          )}
        </div>
      </div>
      <h3 className="font-semibold">{t.admin.welcome.later}</h3>
      <ul className="grid gap-2 sm:grid-cols-2">
        {NEXT.map(([to, icon, name]) => (
          <li key={to}>
            <Link to={to} className="flex h-full items-start gap-3 rounded-xl border border-line p-4 hover:border-line-strong hover:bg-hover">
              <Icon name={icon} className="mt-0.5 size-5 text-accent" />
              <span>
                <span className="block font-medium">{t.admin.welcome.nextSteps[name].title}</span>
                <span className="text-small text-soft">{t.admin.welcome.nextSteps[name].help}</span>
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}
