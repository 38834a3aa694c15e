import { t } from "../text/index.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";

/** The node did not answer even the first question. */
export function Unreachable({ retry, busy }: { readonly retry: () => void; readonly busy: boolean }) {
  return (
    <main role="alert" className="flex min-h-dvh items-center justify-center">
      <EmptyState icon="unplugged" title={t.link.offline} help={t.link.never}>
        <Button look="primary" onClick={retry} busy={busy}>
          {t.link.retryNow}
        </Button>
      </EmptyState>
    </main>
  );
}
