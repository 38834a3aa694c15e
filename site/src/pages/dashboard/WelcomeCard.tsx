import { Link } from "@tanstack/react-router";
import { atLeast, whoIs } from "../../core/access.ts";
import { useLive } from "../../live/useLive.ts";
import { useSession } from "../../shell/session.tsx";
import { useChoice } from "../../shell/stored.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useProgress } from "../welcome/progress.ts";

/** Offers the wizard while no phone is registered and no test call was heard. */
export function WelcomeCard() {
  const who = whoIs(useSession());
  const { data, stale } = useLive();
  const { step, heard } = useProgress();
  const [later, setLater] = useChoice("bellwire.welcome.later", "");
  const begun = step !== "office";
  const idle = data?.registrations.size === 0 || (begun && step !== "done");
  if (!atLeast(who, "admin") || data === undefined || stale || heard || later === "yes" || !idle) return null;
  return (
    <section
      aria-label={t.admin.welcome.offer}
      className="mb-5 flex flex-wrap items-center gap-4 rounded-2xl border border-accent/40 bg-accent-soft px-5 py-4"
    >
      <Icon name="check" className="size-6 text-accent" />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-semibold">{t.admin.welcome.offer}</p>
        <p className="text-soft">{t.admin.welcome.offerHelp}</p>
      </div>
      <span className="flex items-center gap-2">
        <Button look="quiet" onClick={() => setLater("yes")}>
          {t.admin.welcome.offerLater}
        </Button>
        <Link to="/welcome" className="inline-flex min-h-10 items-center rounded-lg bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover md:min-h-9">
          {begun ? t.admin.welcome.offerResume : t.admin.welcome.offerStart}
        </Link>
      </span>
    </section>
  );
}
