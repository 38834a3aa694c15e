import { Link } from "@tanstack/react-router";
import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";

export function NotFound() {
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState icon="unplugged" title={t.problem.pageNotFound} help={t.problem.pageNotFoundHelp}>
        <Link to="/" className="rounded-lg bg-accent px-4 py-2 font-medium text-on-accent hover:bg-accent-hover">
          {t.nav.dashboard}
        </Link>
      </EmptyState>
    </main>
  );
}

/** A fault in the site itself (or a new version was installed while the page was open). */
export function Crashed() {
  return (
    <main role="alert" className="flex min-h-dvh items-center justify-center">
      <EmptyState icon="warning" title={t.problem.crashed} help={t.problem.crashedHelp}>
        <Button look="primary" onClick={() => window.location.reload()}>
          {t.problem.reload}
        </Button>
      </EmptyState>
    </main>
  );
}
