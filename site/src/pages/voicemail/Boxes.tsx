/** The mailboxes, with how many messages wait in each; on narrow screens a row to swipe. */
import { Link } from "@tanstack/react-router";
import type { MailboxState } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";

interface BoxesProps {
  readonly boxes: readonly MailboxState[];
  readonly chosen: string | undefined;
  readonly tab: string | undefined;
}

export function Boxes({ boxes, chosen, tab }: BoxesProps) {
  const kept = tab !== undefined && tab !== "greetings" ? { tab } : {};
  const waiting = boxes.reduce((sum, box) => sum + box.new, 0);
  return (
    <nav
      aria-label={t.media.voicemail.boxes}
      className="relative flex gap-1 overflow-x-auto rounded-2xl border border-line bg-surface p-1.5 shadow-card lg:flex-col"
    >
      <Box to={kept} name={t.media.voicemail.allBoxes} detail="" fresh={waiting} urgent={0} chosen={chosen === undefined} />
      {boxes.map((box) => (
        <Box
          key={box.number}
          to={{ ...kept, show: box.number }}
          name={box.name}
          detail={box.full ? t.media.voicemail.full : box.number}
          fresh={box.new}
          urgent={box.urgent}
          chosen={box.number === chosen}
        />
      ))}
    </nav>
  );
}

interface BoxProps {
  readonly to: { readonly tab?: string; readonly show?: string };
  readonly name: string;
  readonly detail: string;
  readonly fresh: number;
  readonly urgent: number;
  readonly chosen: boolean;
}

function Box({ to, name, detail, fresh, urgent, chosen }: BoxProps) {
  return (
    <Link
      to="/voicemail"
      search={to}
      resetScroll={false}
      data-box={to.show ?? "all"}
      data-chosen={chosen}
      activeOptions={{ exact: true }}
      aria-current={chosen ? "page" : undefined}
      className="flex min-h-11 shrink-0 items-center gap-2.5 rounded-xl px-3 py-1.5 text-soft hover:bg-hover hover:text-ink data-[chosen=true]:bg-accent-soft data-[chosen=true]:text-accent"
    >
      <span className="min-w-0 flex-1">
        <span className="block max-w-40 truncate font-medium">{name}</span>
        {detail !== "" && <span className="block text-label tabular-nums">{detail}</span>}
      </span>
      {fresh > 0 && (
        <span
          className={`rounded-full px-2 text-label font-semibold tabular-nums ${urgent > 0 ? "bg-bad-soft text-bad" : "bg-accent text-on-accent"}`}
        >
          {fresh}
          <span className="sr-only"> {t.media.voicemail.newCount(urgent)}</span>
        </span>
      )}
    </Link>
  );
}
