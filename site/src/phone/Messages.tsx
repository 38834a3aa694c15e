/** Texts between extensions: with whom, and the words. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { faultWords } from "../core/problem.ts";
import { formatDay, formatShortClock } from "../core/time.ts";
import type { TextMessage } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { p } from "../text/phone.ts";
import { Button, IconButton } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { Loaded } from "../ui/Loaded.tsx";
import { Notice } from "../ui/Notice.tsx";
import { useNow } from "../ui/now.ts";
import { usePeople } from "./contacts.ts";
import { Face } from "./Person.tsx";
import { again, messagesQuery, sendText } from "./queries.ts";

interface MessagesProps {
  readonly own: string;
  /** With whom; empty: the list of all. */
  readonly with: string;
  readonly onOpen: (number: string) => void;
}

export function Messages({ own, with: other, onOpen }: MessagesProps) {
  const query = useQuery(messagesQuery(own));
  if (other !== "") return <Thread own={own} other={other} messages={query.data?.items ?? []} onBack={() => onOpen("")} />;
  return <Loaded query={query}>{(list) => <Threads own={own} messages={list.items} onOpen={onOpen} />}</Loaded>;
}

function otherOf(message: TextMessage, own: string): string {
  return message.to_extension === own ? (message.from_extension ?? message.from_number) : message.to_extension;
}

interface ThreadsProps {
  readonly own: string;
  readonly messages: readonly TextMessage[];
  readonly onOpen: (number: string) => void;
}

function Threads({ own, messages, onOpen }: ThreadsProps) {
  const now = useNow();
  const people = usePeople();
  const newest = new Map<string, TextMessage>();
  for (const each of messages) {
    const other = otherOf(each, own);
    if (!newest.has(other)) newest.set(other, each);
  }
  if (newest.size === 0) return <EmptyState icon="chat" title={p.messages.empty} help={p.messages.emptyHelp} />;
  return (
    <ul className="flex flex-col">
      {[...newest].map(([other, last]) => {
        const person = people.find((each) => each.number === other);
        const name = person?.name ?? (other === "" ? p.messages.office : other);
        return (
          <li key={other}>
            <button type="button" onClick={() => onOpen(other)} className="flex min-h-14 w-full items-center gap-3 rounded-xl px-2 text-left hover:bg-hover">
              <Face name={name} presence={person?.presence} />
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{name}</span>
                <span className="block truncate text-small text-faint">{last.text}</span>
              </span>
              <span className="shrink-0 text-label text-faint tabular-nums">
                {formatDay(last.sent_at, now, t.locale, t.history)} {formatShortClock(last.sent_at, t.locale)}
              </span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}

interface ThreadProps {
  readonly own: string;
  readonly other: string;
  readonly messages: readonly TextMessage[];
  readonly onBack: () => void;
}

function Thread({ own, other, messages, onBack }: ThreadProps) {
  const people = usePeople();
  const name = people.find((each) => each.number === other)?.name ?? other;
  const [typed, setTyped] = useState("");
  const [fault, setFault] = useState("");
  const [busy, setBusy] = useState(false);
  const shown = messages.filter((each) => otherOf(each, own) === other).toReversed();
  const send = async () => {
    if (typed.trim() === "" || busy) return;
    setBusy(true);
    try {
      await sendText(own, other, typed.trim());
      setTyped("");
      setFault("");
      await again("messages");
    } catch (reason) {
      setFault(faultWords(reason, t));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="flex min-h-full flex-col gap-3">
      <div className="flex items-center gap-2">
        <IconButton icon="chevronLeft" label={p.messages.back} onClick={onBack} />
        <h3 className="truncate font-semibold">{name}</h3>
        <span className="text-small text-faint">{other}</span>
      </div>
      <ol className="flex flex-1 flex-col justify-end gap-1.5">
        {shown.map((each) => {
          const mine = each.to_extension !== own;
          return (
            <li key={each.id} className={`flex max-w-[85%] flex-col ${mine ? "self-end text-right" : "self-start"}`}>
              <span className={`rounded-2xl px-3 py-2 text-left text-pretty break-words ${mine ? "bg-accent text-on-accent" : "bg-sunken"}`}>{each.text}</span>
              <span className="px-1 text-label text-faint tabular-nums">
                {formatShortClock(each.sent_at, t.locale)}
                {mine && ` · ${each.delivered_at === null ? p.messages.waiting : p.messages.delivered}`}
              </span>
            </li>
          );
        })}
      </ol>
      {fault !== "" && (
        <Notice tone="bad" alert>
          {fault}
        </Notice>
      )}
      <form
        className="flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <textarea
          rows={1}
          value={typed}
          maxLength={900}
          aria-label={p.messages.text}
          placeholder={p.messages.text}
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey) return;
            event.preventDefault();
            void send();
          }}
          className="min-h-11 flex-1 resize-none rounded-xl border border-line bg-surface px-3 py-2.5 placeholder:text-faint"
        />
        <Button type="submit" look="primary" busy={busy} disabled={typed.trim() === ""} className="min-h-11!">
          {p.messages.send}
        </Button>
      </form>
    </div>
  );
}
