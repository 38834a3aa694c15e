/** Whether what you see is true right now. */
import { badgeOf } from "../core/link.ts";
import { useLive } from "../live/useLive.ts";
import { t } from "../text/index.ts";
import { StatusShape, type Tone } from "../ui/StatusMark.tsx";

const LOOKS: Readonly<Record<ReturnType<typeof badgeOf>, { readonly tone: Tone; readonly look: string }>> = {
  online: { tone: "good", look: "text-good" },
  connecting: { tone: "plain", look: "text-soft" },
  offline: { tone: "bad", look: "text-bad" },
};

export function LinkBadge({ compact = false }: { readonly compact?: boolean }) {
  const { link } = useLive();
  const badge = badgeOf(link);
  return (
    <p
      data-link={badge}
      title={badge === "online" ? t.link.onlineHelp : compact ? t.link[badge] : undefined}
      className={`flex items-center gap-2 text-small font-medium ${LOOKS[badge].look}`}
    >
      <StatusShape tone={LOOKS[badge].tone} />
      <span className={compact ? "sr-only" : ""}>{t.link[badge]}</span>
    </p>
  );
}
