/** One message: who, when, how long; opened, it is heard and dealt with. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { partyName } from "../../core/people.ts";
import { formatDay, formatFull, formatShortClock, formatTimer } from "../../core/time.ts";
import { Player } from "../../media/Player.tsx";
import type { Voicemail } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark } from "../../ui/StatusMark.tsx";
import type { Deed } from "./Messages.tsx";

interface MessageRowProps {
  readonly message: Voicemail;
  /** The box it lies in, where messages of several are shown. */
  readonly boxName: string;
  readonly open: boolean;
  readonly picked: boolean;
  readonly transcripts: boolean;
  readonly onOpen: () => void;
  readonly onPick: (picked: boolean) => void;
  readonly onDeed: (deed: Deed) => void;
  readonly onForward: () => void;
}

export function MessageRow({ message, boxName, open, picked, transcripts, onOpen, onPick, onDeed, onForward }: MessageRowProps) {
  const now = useNow();
  const who = partyName(message.from_name, message.from_number) === "?" ? t.media.voicemail.withheld : partyName(message.from_name, message.from_number);
  const fresh = !message.read && message.deleted_at === null;
  return (
    <li data-message={message.id} data-heard={message.read} className={open ? "bg-hover/50" : "hover:bg-hover"}>
      <div className="flex items-center gap-1 pr-4 pl-4">
        <label className="flex min-h-11 min-w-9 items-center">
          <span className="sr-only">{t.media.voicemail.choose(who)}</span>
          <input
            type="checkbox"
            checked={picked}
            onChange={(event) => onPick(event.target.checked)}
            className="size-4.5 accent-accent"
          />
        </label>
        <button
          type="button"
          aria-expanded={open}
          onClick={onOpen}
          className="flex min-h-14 min-w-0 flex-1 items-center gap-3 py-2 text-left"
        >
          <span className="min-w-0 flex-1">
            <span className={`flex items-center gap-2 ${fresh ? "font-semibold" : ""}`}>
              {fresh && <span className="size-2 shrink-0 rounded-full bg-accent" />}
              <span className="truncate">{who}</span>
              {fresh && <span className="sr-only">{t.media.voicemail.unheard}</span>}
              {message.urgent && (
                <span className="max-sm:hidden">
                  <StatusMark tone="bad">{t.media.voicemail.urgent}</StatusMark>
                </span>
              )}
              {message.saved && <Icon name="star" className="size-4 text-accent" />}
              {message.saved && <span className="sr-only">{t.media.voicemail.saved}</span>}
            </span>
            <span className="block truncate text-small text-faint">
              {message.urgent && <span className="font-medium text-bad sm:hidden">{t.media.voicemail.urgent} · </span>}
              {[
                message.from_number !== who ? message.from_number : "",
                boxName,
                message.forwarded_from === "" ? "" : t.media.voicemail.forwardedFrom(message.forwarded_from),
                message.transcript ?? "",
              ]
                .filter((each) => each !== "")
                .join(" · ") || " "}
            </span>
          </span>
          <span className="shrink-0 text-right text-small text-soft tabular-nums">
            <time dateTime={message.received_at} title={formatFull(message.received_at, t.locale)} className="block">
              {formatDay(message.received_at, now, t.locale, t.history)} {formatShortClock(message.received_at, t.locale)}
            </time>
            <span className="text-faint">{formatTimer(Math.round(message.duration_s) * 1000)}</span>
          </span>
          <Icon name="chevronRight" className={`size-4 shrink-0 text-faint transition-transform ${open ? "rotate-90" : ""}`} />
        </button>
      </div>
      {open && (
        <div className="flex flex-col gap-4 px-4 pb-5 sm:pl-13">
          <Player
            source={{ path: `/voicemails/${message.id}/audio` }}
            label={t.media.voicemail.messageOf(who)}
            durationS={message.duration_s}
            download={`${who}-${message.received_at.slice(0, 16).replace(":", "")}`}
            onFirstPlay={() => {
              if (fresh) onDeed("heard");
            }}
          />
          <Transcript message={message} transcripts={transcripts} />
          <div className="flex flex-wrap gap-2">{actions(message, onDeed, onForward)}</div>
        </div>
      )}
    </li>
  );
}

function Transcript({ message, transcripts }: { readonly message: Voicemail; readonly transcripts: boolean }) {
  if (message.transcript !== null && message.transcript !== "") {
    return <blockquote className="border-l-2 border-line-strong pl-3 text-pretty">{message.transcript}</blockquote>;
  }
  const words =
    message.transcript_state === "waiting"
      ? t.media.voicemail.transcriptWaiting
      : message.transcript_state === "failed"
        ? t.media.voicemail.transcriptFailed
        : transcripts
          ? t.media.voicemail.transcriptNone
          : t.media.voicemail.transcriptOff;
  return <p className="text-small text-faint">{words}</p>;
}

const LINK =
  "inline-flex min-h-10 items-center gap-2 rounded-lg border border-line bg-surface px-3.5 hover:border-line-strong hover:bg-hover md:min-h-9";

function actions(message: Voicemail, onDeed: (deed: Deed) => void, onForward: () => void): ReactNode {
  if (message.deleted_at !== null) {
    return (
      <>
        <Button icon="undo" onClick={() => onDeed("restore")}>
          {t.media.voicemail.deed.restore}
        </Button>
        <Button look="danger" icon="trash" onClick={() => onDeed("forever")}>
          {t.media.voicemail.deed.forever}
        </Button>
      </>
    );
  }
  return (
    <>
      {message.from_number !== "" && (
        <a href={`tel:${message.from_number}`} className={LINK}>
          <Icon name="phone" />
          {t.media.voicemail.callBack(message.from_number)}
        </a>
      )}
      <Button icon="check" onClick={() => onDeed(message.read ? "unheard" : "heard")}>
        {message.read ? t.media.voicemail.deed.unheard : t.media.voicemail.deed.heard}
      </Button>
      <Button icon="star" onClick={() => onDeed(message.saved ? "unsave" : "save")}>
        {message.saved ? t.media.voicemail.deed.unsave : t.media.voicemail.deed.save}
      </Button>
      <Button icon="forward" onClick={onForward}>
        {t.media.voicemail.forward}
      </Button>
      {message.call !== "" && (
        <Link to="/history" search={{ call: message.call }} className={LINK}>
          <Icon name="history" />
          {t.media.voicemail.theCall}
        </Link>
      )}
      <Button icon="trash" onClick={() => onDeed("delete")}>
        {t.media.voicemail.deed.delete}
      </Button>
    </>
  );
}
