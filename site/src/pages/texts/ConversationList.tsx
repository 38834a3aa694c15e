/** Who wrote, what last, and who looks after it. */
import { readable } from "../../core/outside.ts";
import { threadKey } from "../../core/thread.ts";
import { formatDay, formatShortClock } from "../../core/time.ts";
import type { Pair } from "../../edge/texts.ts";
import type { Conversation } from "../../edge/types.ts";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { useNow } from "../../ui/now.ts";
import { ModeMark } from "./ModeMark.tsx";

interface ConversationListProps {
  readonly items: readonly Conversation[];
  readonly filtered: boolean;
  readonly open: Pair | undefined;
  readonly onOpen: (conversation: Conversation) => void;
  readonly onWrite: (() => void) | undefined;
  readonly more: (() => void) | undefined;
  readonly busy: boolean;
}

export function ConversationList({ items, filtered, open, onOpen, onWrite, more, busy }: ConversationListProps) {
  const now = useNow();
  if (items.length === 0) {
    return filtered ? (
      <EmptyState icon="search" title={e.texts.noneFound} />
    ) : (
      <EmptyState icon="inbox" title={e.texts.none} help={e.texts.noneHelp}>
        {onWrite !== undefined && (
          <Button look="primary" onClick={onWrite}>
            {e.texts.writeFirst}
          </Button>
        )}
      </EmptyState>
    );
  }
  return (
    <ul className="min-h-0 flex-1 divide-y divide-line overflow-y-auto">
      {items.map((each) => (
        <li key={threadKey(each)}>
          <Row conversation={each} now={now} chosen={open !== undefined && threadKey(open) === threadKey(each)} onOpen={() => onOpen(each)} />
        </li>
      ))}
      {more !== undefined && (
        <li className="flex justify-center p-3">
          <Button busy={busy} onClick={more}>
            {e.common.more}
          </Button>
        </li>
      )}
    </ul>
  );
}

interface RowProps {
  readonly conversation: Conversation;
  readonly now: number;
  readonly chosen: boolean;
  readonly onOpen: () => void;
}

function Row({ conversation: each, now, chosen, onOpen }: RowProps) {
  const day = formatDay(new Date(each.last_at).toISOString(), now, t.locale, t.history);
  const unread = each.unread > 0;
  return (
    <button
      type="button"
      data-conversation={each.from}
      aria-current={chosen || undefined}
      onClick={onOpen}
      className="flex w-full flex-col gap-1 border-l-3 border-transparent px-3.5 py-3 text-left hover:bg-hover aria-[current]:border-accent aria-[current]:bg-accent-soft"
    >
      <span className="flex w-full items-baseline justify-between gap-2">
        <span className={`truncate ${unread ? "font-semibold" : "font-medium"}`}>{readable(each.from)}</span>
        <span className="shrink-0 text-label text-faint">{day === t.history.today ? formatShortClock(each.last_at, t.locale) : day}</span>
      </span>
      <span className="flex w-full items-start justify-between gap-2">
        <span className={`line-clamp-2 text-small ${unread ? "text-ink" : "text-soft"}`}>
          {each.last_direction === "out" && <span className="text-faint">{e.texts.us} </span>}
          {each.last_text === "" ? e.texts.picture : each.last_text}
        </span>
        {unread && (
          <span className="mt-0.5 min-w-5 shrink-0 rounded-full bg-accent px-1.5 text-center text-label font-semibold text-on-accent tabular-nums">
            {each.unread}
            <span className="sr-only"> {e.texts.unreadWords}</span>
          </span>
        )}
      </span>
      <span className="flex flex-wrap items-center gap-1.5">
        <ModeMark conversation={each} />
        {each.assigned_to !== "" && <span className="text-label text-faint">{e.texts.assignedTo(each.assigned_to)}</span>}
        {each.typing !== "" && <span className="text-label text-accent">{e.texts.typing(each.typing)}</span>}
      </span>
    </button>
  );
}
