/** One conference: its members, live, and its switches. */
import { useMutation } from "@tanstack/react-query";
import { useId, useState } from "react";
import { faultWords } from "../../core/problem.ts";
import { formatShortClock, formatTimer } from "../../core/time.ts";
import { useClockOffset, useLive } from "../../live/useLive.ts";
import { useMay } from "../../media/useMay.ts";
import { endConference, inviteToConference, muteMember, orderConference, removeMember } from "../../media/queries.ts";
import type { ConferenceMember, ConferenceStatus } from "../../schema.gen.ts";
import { t } from "../../text/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { Confirm } from "../../ui/Dialog.tsx";
import { Icon } from "../../ui/Icon.tsx";
import { Notice } from "../../ui/Notice.tsx";
import { useNow } from "../../ui/now.ts";
import { StatusMark } from "../../ui/StatusMark.tsx";
import { useSay } from "../../ui/toasts.tsx";

export function Room({ room }: { readonly room: ConferenceStatus }) {
  const id = useId();
  const [ending, setEnding] = useState(false);
  const order = useMutation({ mutationFn: (work: () => Promise<unknown>) => work() });
  const busy = room.members.length > 0;
  const mayLead = useMay("calls:write");
  return (
    <section
      aria-labelledby={id}
      data-room={room.conference}
      className="overflow-hidden rounded-2xl border border-line bg-surface shadow-card"
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 pt-4 pb-3 sm:px-5">
        <h2 id={id} className="text-lead font-semibold">
          {room.name} <span className="font-normal text-faint tabular-nums">{room.conference}</span>
        </h2>
        <span className="flex flex-wrap items-center gap-1.5">
          {busy ? (
            <StatusMark tone="live">{t.media.conferences.members(room.members.length)}</StatusMark>
          ) : (
            <StatusMark tone="plain">{t.media.conferences.empty}</StatusMark>
          )}
          {room.locked && <StatusMark tone="warn">{t.media.conferences.locked}</StatusMark>}
          {room.all_muted && <StatusMark tone="warn">{t.media.conferences.allMuted}</StatusMark>}
          {room.recording && <StatusMark tone="bad">{t.media.conferences.recorded}</StatusMark>}
        </span>
        {room.since !== null && (
          <span className="ml-auto text-small text-faint tabular-nums">
            {t.media.conferences.since(formatShortClock(room.since, t.locale))}
          </span>
        )}
      </header>
      {busy && (
        <ul className="divide-y divide-line border-t border-line">
          {room.members.map((member) => (
            <Member key={member.member} member={member} room={room} order={order.mutate} />
          ))}
        </ul>
      )}
      {mayLead && <footer className="flex flex-wrap items-center gap-2 border-t border-line px-4 py-3 sm:px-5">
        <Invite room={room} order={order.mutate} />
        {busy && (
          <span className="flex flex-wrap gap-2 sm:ml-auto">
            <Toggle on={room.all_muted} words={[t.media.conferences.muteAll, t.media.conferences.unmuteAll]} onClick={() => order.mutate(() => orderConference(room.conference, { all_muted: !room.all_muted }))} />
            <Toggle on={room.locked} words={[t.media.conferences.lock, t.media.conferences.unlock]} onClick={() => order.mutate(() => orderConference(room.conference, { locked: !room.locked }))} />
            <Toggle on={room.recording} words={[t.media.conferences.record, t.media.conferences.stopRecording]} onClick={() => order.mutate(() => orderConference(room.conference, { recording: !room.recording }))} />
            <Button look="danger" onClick={() => setEnding(true)}>
              {t.media.conferences.end}
            </Button>
          </span>
        )}
      </footer>}
      {order.error !== null && (
        <div className="px-4 pb-4 sm:px-5">
          <Notice tone="bad" alert>
            {faultWords(order.error, t)}
          </Notice>
        </div>
      )}
      {ending && (
        <Confirm
          title={t.media.conferences.endTitle(room.name)}
          help={t.media.conferences.endHelp(room.members.length)}
          onClose={() => setEnding(false)}
          cancel={
            <Button data-focus-first onClick={() => setEnding(false)}>
              {t.common.cancel}
            </Button>
          }
          confirm={
            <Button
              look="danger"
              onClick={() => {
                order.mutate(() => endConference(room.conference));
                setEnding(false);
              }}
            >
              {t.media.conferences.end}
            </Button>
          }
        />
      )}
    </section>
  );
}

type Order = (work: () => Promise<unknown>) => void;

function Toggle({ on, words, onClick }: { readonly on: boolean; readonly words: readonly [string, string]; readonly onClick: () => void }) {
  return (
    <Button aria-pressed={on} onClick={onClick} className="aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent">
      {words[on ? 1 : 0]}
    </Button>
  );
}

interface MemberProps {
  readonly member: ConferenceMember;
  readonly room: ConferenceStatus;
  readonly order: Order;
}

function Member({ member, room, order }: MemberProps) {
  const mayLead = useMay("calls:write");
  const who = member.name === "" ? member.number || t.media.voicemail.withheld : member.name;
  const muted = member.muted || member.silenced;
  return (
    <li data-member={member.member} className="flex min-h-14 items-center gap-3 px-4 py-2 sm:px-5">
      <span
        role="img"
        aria-label={member.talking ? t.media.conferences.talks : muted ? t.media.conferences.muted : t.media.conferences.listens}
        className={`flex size-9 shrink-0 items-center justify-center rounded-full ${member.talking ? "bg-good-soft text-good" : muted ? "bg-warn-soft text-warn" : "bg-sunken text-faint"}`}
      >
        <Icon name={member.talking ? "live" : muted ? "micOff" : "user"} className="size-4.5" />
      </span>
      <span className="min-w-0 flex-1">
        <span className="flex flex-wrap items-center gap-x-2">
          <span className="truncate font-medium">{who}</span>
          {member.name !== "" && <span className="text-small text-faint tabular-nums">{member.number}</span>}
          {member.moderator && <span className="text-small text-accent">{t.media.conferences.moderator}</span>}
        </span>
        <span className="block text-small text-faint">
          {[
            t.media.conferences.member(member.member),
            member.state === "waiting" ? t.media.conferences.waits : member.state === "held" ? t.media.conferences.held : "",
            member.silenced ? t.media.conferences.silenced : member.muted ? t.media.conferences.muted : "",
          ]
            .filter((each) => each !== "")
            .join(" · ")}
        </span>
      </span>
      <Since at={member.joined_at} />
      {mayLead && <IconButton
        icon={muted ? "mic" : "micOff"}
        label={muted ? t.media.conferences.unmute(who) : t.media.conferences.mute(who)}
        onClick={() => order(() => muteMember(room.conference, member.member, !muted))}
      />}
      {mayLead && <IconButton
        icon="logOut"
        label={t.media.conferences.remove(who)}
        onClick={() => order(() => removeMember(room.conference, member.member))}
      />}
    </li>
  );
}

function Since({ at }: { readonly at: string }) {
  const now = useNow();
  const { frozenAt } = useLive();
  const moment = (frozenAt ?? now) + useClockOffset();
  return (
    <span className="text-small text-soft tabular-nums" title={t.media.conferences.since(formatShortClock(at, t.locale))}>
      {formatTimer(moment - Date.parse(at))}
    </span>
  );
}

function Invite({ room, order }: { readonly room: ConferenceStatus; readonly order: Order }) {
  const id = useId();
  const say = useSay();
  const [number, setNumber] = useState("");
  return (
    <form
      className="flex gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        const whom = number.replace(/[\s().-]/g, "");
        if (whom === "") return;
        order(async () => {
          await inviteToConference(room.conference, whom);
          say(t.media.conferences.invited(whom));
          setNumber("");
        });
      }}
    >
      <label htmlFor={id} className="sr-only">
        {t.media.conferences.inviteNumber}
      </label>
      <input
        id={id}
        type="tel"
        value={number}
        placeholder={t.media.conferences.inviteNumber}
        autoComplete="off"
        onChange={(event) => setNumber(event.target.value)}
        className="min-h-10 w-44 min-w-0 rounded-lg border border-line-strong/60 bg-surface px-3 placeholder:text-faint hover:border-line-strong md:min-h-9"
      />
      <Button type="submit" icon="phone" disabled={number.trim() === ""}>
        {t.media.conferences.invite}
      </Button>
    </form>
  );
}
