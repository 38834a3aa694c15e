import { Link } from "@tanstack/react-router";
import type { PagePath } from "../../shell/nav.ts";
import { useSession } from "../../shell/session.tsx";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon, type IconName } from "../../ui/Icon.tsx";

type Name = keyof typeof t.admin.welcome.nextSteps;

const NEXT: readonly (readonly [to: PagePath, icon: IconName, name: Name])[] = [
  ["/phones", "phone", "phones"],
  ["/trunks", "plug", "trunk"],
  ["/flows", "flow", "flow"],
  ["/users", "user", "users"],
];

const CARD = "flex h-full items-start gap-3 rounded-xl border border-line p-4 hover:border-line-strong hover:bg-hover";

/** Success is a heard call, and nothing else. */
export function DoneStep({ heard, onBack }: { readonly heard: boolean; readonly onBack: () => void }) {
  const { user } = useSession();
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
        <li>
          {user.extension === null ? (
            <Link to="/users" search={{ open: user.id }} className={CARD}>
              <Step icon="phone" name="ownPhone" />
            </Link>
          ) : (
            <Link to="/phone" className={CARD}>
              <Step icon="phone" name="phone" />
            </Link>
          )}
        </li>
        {NEXT.map(([to, icon, name]) => (
          <li key={to}>
            <Link to={to} className={CARD}>
              <Step icon={icon} name={name} />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Step({ icon, name }: { readonly icon: IconName; readonly name: Name }) {
  const { title, help } = t.admin.welcome.nextSteps[name];
  return (
    <>
      <Icon name={icon} className="mt-0.5 size-5 text-accent" />
      <span>
        <span className="block font-medium">{title}</span>
        <span className="text-small text-soft">{help}</span>
      </span>
    </>
  );
}
