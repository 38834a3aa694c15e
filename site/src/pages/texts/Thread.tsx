/** One conversation: who answers, what was written, notes of the office, and the box to answer in. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { readable } from "../../core/outside.ts";
import { threadItems } from "../../core/thread.ts";
import { formatDay } from "../../core/time.ts";
import { EdgeLoaded, edgeFaultWords } from "../../edge/EdgeLoaded.tsx";
import { CONVERSATIONS, handBack, markRead, markUnread, takeOver, threadQuery, type Pair } from "../../edge/texts.ts";
import type { Conversation, ConversationDetail } from "../../edge/types.ts";
import { useSession } from "../../shell/session.tsx";
import { e } from "../../text/edge.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useSay } from "../../ui/toasts.tsx";
import { Assignment } from "./Assignment.tsx";
import { Bubble, DayLine, NoteBubble } from "./Bubble.tsx";
import { Composer } from "./Composer.tsx";
import { ModeMark } from "./ModeMark.tsx";

const FIRST = 60;
const MOST = 500;

interface ThreadProps {
  readonly pair: Pair;
  readonly may: boolean;
  readonly composer: RefObject<HTMLTextAreaElement | null>;
  readonly onClose: () => void;
}

export function Thread({ pair, may, composer, onClose }: ThreadProps) {
  const [limit, setLimit] = useState(FIRST);
  const query = useQuery(threadQuery(pair, limit));
  return (
    <EdgeLoaded query={query} rows={6}>
      {(detail) => (
        <Loaded
          detail={detail}
          may={may}
          composer={composer}
          onClose={onClose}
          more={detail.more && limit < MOST ? () => setLimit((now) => Math.min(now * 3, MOST)) : undefined}
        />
      )}
    </EdgeLoaded>
  );
}

interface LoadedThreadProps extends Omit<ThreadProps, "pair"> {
  readonly detail: ConversationDetail;
  readonly more: (() => void) | undefined;
}

function Loaded({ detail, may, composer, onClose, more }: LoadedThreadProps) {
  const { conversation } = detail;
  const { user } = useSession();
  const client = useQueryClient();
  const { id: last = "" } = detail.messages.at(-1) ?? {};
  useEffect(() => {
    if (!may || conversation.unread === 0 || document.visibilityState !== "visible") return;
    markRead(conversation).then(
      () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
      () => undefined,
    );
  }, [client, conversation, may, last]);

  return (
    <>
      <Head conversation={conversation} may={may} onClose={onClose} />
      <Messages detail={detail} more={more} may={may} />
      {conversation.typing !== "" && conversation.typing !== user.username && (
        <p role="status" className="border-t border-line bg-accent-soft px-4 py-1.5 text-small text-accent">
          {e.texts.alsoTyping(conversation.typing)}
        </p>
      )}
      {may && <Composer detail={detail} composer={composer} />}
    </>
  );
}

function Head({ conversation, may, onClose }: { readonly conversation: Conversation; readonly may: boolean; readonly onClose: () => void }) {
  const say = useSay();
  const client = useQueryClient();
  const change = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSettled: () => client.invalidateQueries({ queryKey: CONVERSATIONS }),
    onError: (fault) => say(edgeFaultWords(fault)),
  });
  const person = conversation.mode === "person";
  return (
    <header className="flex flex-wrap items-center gap-x-3 gap-y-2 border-b border-line px-4 py-3">
      <IconButton icon="chevronLeft" label={e.texts.back} className="-ml-2 lg:hidden" onClick={onClose} />
      <div className="min-w-0 flex-1">
        <h2 className="truncate text-lead font-semibold">{readable(conversation.from)}</h2>
        <p className="truncate text-small text-faint">{e.texts.toNumber(readable(conversation.to))}</p>
      </div>
      <ModeMark conversation={conversation} />
      {may && (
        <div className="flex flex-wrap items-center gap-2">
          <Assignment conversation={conversation} />
          <Button
            busy={change.isPending}
            title={person ? e.texts.handBackHelp : e.texts.takeOverHelp}
            onClick={() => change.mutate(() => (person ? handBack(conversation) : takeOver(conversation)))}
          >
            {person ? e.texts.handBack : e.texts.takeOver}
          </Button>
          <IconButton
            icon="bell"
            label={e.texts.markUnread}
            onClick={() =>
              change.mutate(async () => {
                await markUnread(conversation);
                onClose();
              })
            }
          />
        </div>
      )}
    </header>
  );
}

function Messages({ detail, more, may }: { readonly detail: ConversationDetail; readonly more: (() => void) | undefined; readonly may: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const items = useMemo(
    () => threadItems(detail.messages, detail.notes, (at) => formatDay(new Date(at).toISOString(), 0, t.locale, t.history)),
    [detail.messages, detail.notes],
  );
  // Whoever reads older messages stays there when a new one comes.
  useLayoutEffect(() => {
    if (atEnd.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [items]);
  return (
    <div
      ref={box}
      role="log"
      aria-label={e.texts.thread}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 40;
      }}
      className="flex min-h-48 flex-1 flex-col gap-1 overflow-y-auto bg-canvas/60 px-3 py-4 sm:px-5"
    >
      {more !== undefined && (
        <Button look="quiet" className="self-center" onClick={more}>
          {e.texts.older}
        </Button>
      )}
      {items.map((item) =>
        item.kind === "day" ? (
          <DayLine key={item.key} at={item.at} />
        ) : item.kind === "note" ? (
          <NoteBubble key={item.key} note={item.note} pair={detail.conversation} />
        ) : (
          <Bubble key={item.key} message={item.message} follows={item.follows} may={may} />
        ),
      )}
      {detail.conversation.mode === "waiting" && (
        <div className="mt-2">
          <Notice tone="warn" icon="bell">
            {e.texts.waitingHelp}
          </Notice>
        </div>
      )}
    </div>
  );
}
