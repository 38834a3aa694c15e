/** What somebody wrote: theirs on the left, ours on the right, notes that only the office reads across. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { formatDay, formatShortClock } from "../../core/time.ts";
import { CONVERSATIONS, deleteNote, sendAgain, type Pair } from "../../edge/texts.ts";
import { edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import type { ConversationNote, TextMessage } from "../../edge/types.ts";
import { useSession } from "../../shell/session.tsx";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useNow } from "../../ui/now.ts";
import { useSay } from "../../ui/toasts.tsx";
import { Picture } from "./Picture.tsx";

export function DayLine({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <p className="my-3 text-center text-label font-medium text-faint">{formatDay(new Date(at).toISOString(), now, t.locale, t.history)}</p>
  );
}

const LOOKS: Readonly<Record<TextMessage["author"], string>> = {
  them: "bg-surface border border-line rounded-bl-md",
  person: "bg-accent text-on-accent rounded-br-md",
  ai: "bg-accent-soft text-ink border border-accent/25 rounded-br-md",
  keyword: "bg-sunken text-ink border border-line rounded-br-md",
  flow: "bg-sunken text-ink border border-line rounded-br-md",
  campaign: "bg-sunken text-ink border border-line rounded-br-md",
};

export function Bubble({ message, follows, may }: { readonly message: TextMessage; readonly follows: boolean; readonly may: boolean }) {
  const ours = message.direction === "out";
  const who = ours ? e.texts.writer(message.author, message.actor) : undefined;
  const bad = message.state === "failed" || message.state === "uncertain";
  return (
    <div data-message={message.direction} className={`flex max-w-[min(34rem,85%)] flex-col ${ours ? "items-end self-end" : "items-start self-start"} ${follows ? "" : "mt-2"}`}>
      {who !== undefined && !follows && <p className="mb-0.5 px-1 text-label text-faint">{who}</p>}
      <div className={`rounded-2xl px-3.5 py-2 text-lead break-words whitespace-pre-wrap md:text-body ${LOOKS[message.author]}`}>
        {message.media.map((each) => (
          <Picture key={each.id} attachment={each} />
        ))}
        {message.text}
      </div>
      <p className={`mt-0.5 flex items-center gap-1 px-1 text-label ${bad ? "text-bad" : "text-faint"}`}>
        {bad && <Icon name="warning" className="size-3.5" />}
        {formatShortClock(message.at, t.locale)}
        {ours && ` · ${e.texts.states[message.state]}`}
        {bad && message.reason !== "" && `: ${message.reason}`}
      </p>
      {bad && may && <Again message={message} />}
    </div>
  );
}

/** An uncertain one may have arrived: so somebody decides, never the machine. */
function Again({ message }: { readonly message: TextMessage }) {
  const say = useSay();
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: () => sendAgain(message.id),
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <Button look="quiet" icon="restart" busy={again.isPending} onClick={() => again.mutate()}>
      {message.state === "uncertain" ? e.texts.againAnyway : e.texts.again}
    </Button>
  );
}

export function NoteBubble({ note, pair }: { readonly note: ConversationNote; readonly pair: Pair }) {
  const { user } = useSession();
  const say = useSay();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => deleteNote(pair, note.id),
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  return (
    <div data-note={note.id} className="my-2 flex max-w-[min(34rem,90%)] items-start gap-2 self-center rounded-xl border border-dashed border-warn-line/60 bg-warn-soft px-3.5 py-2">
      <Icon name="edit" className="mt-1 size-3.5 text-warn" />
      <div className="min-w-0">
        <p className="text-label text-warn">
          {e.texts.noteBy(note.actor)} · {formatShortClock(note.at, t.locale)}
        </p>
        <p className="break-words whitespace-pre-wrap">{note.text}</p>
      </div>
      {note.actor === user.username && <IconButton icon="trash" label={e.texts.deleteNote} disabled={remove.isPending} onClick={() => remove.mutate()} className="-my-1 -mr-2" />}
    </div>
  );
}
