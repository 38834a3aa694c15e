/** One's own voice messages, with their text. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatDay, formatShortClock, formatTimer } from "../core/time.ts";
import { Player } from "../media/Player.tsx";
import type { Voicemail } from "../schema.gen.ts";
import { t } from "../text/index.ts";
import { p } from "../text/phone.ts";
import { Button } from "../ui/Button.tsx";
import { EmptyState } from "../ui/EmptyState.tsx";
import { useNow } from "../ui/now.ts";
import { Skeleton } from "../ui/Skeleton.tsx";
import { readable } from "./number.ts";
import { again, deleteMessage, patchMessage, useProfile, voicemailQuery } from "./queries.ts";

interface VoicemailsProps {
  readonly onDial: (number: string, name: string) => void;
}

export function Voicemails({ onDial }: VoicemailsProps) {
  const { data: profile } = useProfile();
  const none = profile?.mailbox === null;
  const { data, error } = useQuery({ ...voicemailQuery, enabled: !none });
  const [open, setOpen] = useState("");
  if (none || error !== null) return <EmptyState icon="voicemail" title={p.voicemail.none} help={p.voicemail.noneHelp} />;
  if (data === undefined) return <Skeleton rows={4} />;
  if (data.items.length === 0) return <EmptyState icon="voicemail" title={p.voicemail.empty} help={p.voicemail.emptyHelp} />;
  return (
    <ul className="flex flex-col">
      {data.items.map((each) => (
        <Row key={each.id} message={each} open={open === each.id} onOpen={() => setOpen(open === each.id ? "" : each.id)} onDial={onDial} />
      ))}
    </ul>
  );
}

const told = () => {
  void again("voicemail");
  void again("profile");
};

interface RowProps extends VoicemailsProps {
  readonly message: Voicemail;
  readonly open: boolean;
  readonly onOpen: () => void;
}

function Row({ message, open, onOpen, onDial }: RowProps) {
  const now = useNow();
  const who = message.from_name !== "" ? message.from_name : message.from_number !== "" ? readable(message.from_number) : p.history.withheld;
  const read = (heard: boolean) => void patchMessage(message.id, heard).then(told, () => undefined);
  return (
    <li data-voicemail={message.id} className={`rounded-xl ${open ? "bg-hover" : "hover:bg-hover"}`}>
      <button type="button" aria-expanded={open} onClick={onOpen} className="flex min-h-14 w-full items-center gap-3 rounded-xl px-2 py-1.5 text-left">
        <span className={`size-2 shrink-0 rounded-full ${message.read ? "" : "bg-accent"}`} />
        <span className="min-w-0 flex-1">
          <span className={`block truncate ${message.read ? "" : "font-semibold"}`}>
            {who}
            {!message.read && <span className="sr-only">, {p.voicemail.fresh}</span>}
          </span>
          <span className="block truncate text-small text-faint">{message.transcript ?? readable(message.from_number)}</span>
        </span>
        <span className="shrink-0 text-right text-small text-soft tabular-nums">
          <span className="block">{formatShortClock(message.received_at, t.locale)}</span>
          <span className="block text-label text-faint">
            {formatDay(message.received_at, now, t.locale, t.history)} · {formatTimer(Math.round(message.duration_s) * 1000)}
          </span>
        </span>
      </button>
      {open && (
        <div className="flex flex-col gap-3 px-3 pb-3">
          <Player
            source={{ path: `/app/voicemails/${message.id}/audio` }}
            label={p.voicemail.label(who)}
            durationS={message.duration_s}
            onFirstPlay={() => {
              if (!message.read) read(true);
            }}
          />
          {message.transcript !== null && message.transcript !== "" && (
            <blockquote className="border-l-2 border-line-strong pl-3 text-pretty">{message.transcript}</blockquote>
          )}
          <div className="flex flex-wrap gap-2">
            {message.from_number !== "" && (
              <Button icon="phone" look="primary" onClick={() => onDial(message.from_number, message.from_name)}>
                {p.voicemail.callBack}
              </Button>
            )}
            <Button icon="check" onClick={() => read(!message.read)}>
              {message.read ? p.voicemail.unheard : p.voicemail.heard}
            </Button>
            <Button icon="trash" onClick={() => void deleteMessage(message.id).then(told, () => undefined)}>
              {p.voicemail.delete}
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}
