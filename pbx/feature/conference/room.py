"""A conference that is going on: who is in it, who is heard, what all of them hear. It ends with its last member.

enter ──▶ (waits for a moderator) ──▶ admit ──▶ leave
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Callable
from typing import Any

from pbx.call.call import Call
from pbx.call.ports import MeetingRooms, Prompt, Recording, RoomRecorder
from pbx.call.talk import Sound
from pbx.core.clock import Clock
from pbx.core.tasks import Supervisor
from pbx.feature.conference.member import Member
from pbx.feature.conference.voice import Files, RoomFile, Voice
from pbx.model import call_event as events
from pbx.model.conference import ConferenceWrite
from pbx.model.conference_event import ConferenceJoined, ConferenceLeft, ConferenceMuted, ConferenceRecorded
from pbx.model.conference_status import ConferenceStatus
from pbx.model.stream import RecordingEnded

__all__ = ["LiveConference", "status_of"]

log = logging.getLogger(__name__)

TALKERS_EVERY_S = 0.25
MOST_ANNOUNCEMENTS = 16
"""More that wait are left out: when a crowd comes at once, nobody wants to hear a minute of names."""
LONGEST_RECORDING_S = 12 * 3600


class LiveConference:
    """`changed` is told whenever its status is another. It runs from its making until `close`."""

    def __init__(
        self,
        record: ConferenceWrite,
        *,
        rooms: MeetingRooms,
        recorder: RoomRecorder | None,
        voice: Voice,
        files: Files,
        clock: Clock,
        supervisor: Supervisor,
        changed: Callable[[], None],
    ) -> None:
        self.record = record
        self.members: dict[int, Member] = {}
        self.locked = False
        self.all_muted = False
        self.since = clock.now()
        self.wants_recording = record.record
        """It is to be recorded, and nobody has asked for that, or for the opposite, yet."""
        self._clock = clock
        self._voice = voice
        self._files = files
        self._recorder = recorder
        self._changed = changed
        self._numbers = 0
        self._recording: Recording | None = None
        self._recorded: RoomFile | None = None
        self._recording_order = asyncio.Lock()
        self._to_say: asyncio.Queue[tuple[str | Sound, ...]] = asyncio.Queue(MOST_ANNOUNCEMENTS)
        self._room = rooms.room(record.max_members, label=f"conference-{record.number}/room")
        self._tasks = [
            supervisor.spawn("conference", work) for work in (self._announce_all(), self._watch_talkers())
        ]

    # -- who may come in -------------------------------------------------------------------------------------------

    def refuses(self, *, moderator: bool) -> str:
        """Why nobody more is let in: "locked", "full"; "" lets in."""
        if self.locked and not moderator:
            return "locked"
        return "full" if len(self.members) >= self.record.max_members else ""

    def enter(self, call: Call, *, moderator: bool, name: Sound | None = None) -> Member:
        """Take a seat. The member hears nobody until it is admitted."""
        self._numbers += 1
        member = Member(
            self._numbers,
            call,
            call.a,
            moderator,
            muted=self.record.mute_on_join and not moderator,
            silenced=self.all_muted and not moderator,
            joined_at=self._clock.now(),
            name=name,
        )
        self.members[member.number] = member
        self._changed()
        return member

    def must_wait(self, member: Member) -> bool:
        """Where nobody can be a moderator, nobody waits for one."""
        record = self.record
        led = bool(record.moderators or record.moderator_pin)
        return record.wait_for_moderator and led and not member.moderator and not self._is_led

    @property
    def _is_led(self) -> bool:
        return any(each.moderator and each.admitted for each in self.members.values())

    def admit(self, member: Member) -> None:
        """From here on it hears the others. Raises `ValueError` when its phone cannot be decoded or spoken to."""
        self._room.join(member.leg.stream, muted=not member.heard)
        member.admitted = True
        self._note(
            member,
            ConferenceJoined,
            member=member.number,
            moderator=member.moderator,
        )
        if self._recorded is not None:
            self._note(member, ConferenceRecorded, file=self._recorded.file, recording=self._recorded.id)
        if member.moderator:
            for each in self.members.values():
                each.may_enter.set()
        self._tell_coming(member, self._voice.joined, "conference_joined")
        self._changed()

    def leave(self, member: Member, reason: str) -> None:
        """Nothing for one who has left. The last moderator may take all others along."""
        if self.members.get(member.number) is not member:
            return
        del self.members[member.number]
        self._room.leave(member.leg.stream)
        self._note(member, ConferenceLeft, member=member.number, reason=reason)
        if member.admitted and member.moderator and self.record.end_without_moderator and not self._is_led:
            self.end()
        elif member.admitted:
            self._tell_coming(member, self._voice.left, "conference_left")
        self._changed()

    def end(self) -> None:
        """Send everybody away."""
        for each in list(self.members.values()):
            each.send_away("ended")

    def close(self) -> None:
        """Nobody is in it any more. The recording is complete with that."""
        while self._tasks:  # a task that was cancelled knows where it was, and that is here
            self._tasks.pop().cancel()
        self._room.close()

    # -- who is heard ----------------------------------------------------------------------------------------------

    def mute(self, member: Member, on: bool) -> bool:
        """By itself; False when a moderator has silenced it, and it stays so."""
        if member.silenced and not on:
            return False
        self._set(member, muted=on, silenced=member.silenced, by="member")
        return True

    def silence(self, member: Member, on: bool) -> None:
        """By a moderator. Who is allowed to speak again is heard at once."""
        self._set(member, muted=on and member.muted, silenced=on, by="moderator")

    def silence_all(self, on: bool) -> None:
        """All but moderators, also those who come later."""
        self.all_muted = on
        for each in self.members.values():
            if not each.moderator:
                self._set(each, muted=each.muted, silenced=on, by="moderator")
        self.say("conference_all_muted" if on else "conference_all_unmuted")
        self._changed()

    def lock(self, on: bool) -> None:
        if on != self.locked:
            self.locked = on
            self.say("conference_locked_now" if on else "conference_unlocked_now")
            self._changed()

    def _set(self, member: Member, *, muted: bool, silenced: bool, by: str) -> None:
        before = member.muted or member.silenced
        member.muted, member.silenced = muted, silenced
        if (muted or silenced) != before:
            self._note(member, ConferenceMuted, member=member.number, muted=muted or silenced, by=by)
        self.flow(member)

    def flow(self, member: Member) -> None:
        """Let the others hear it, or not, after something about that has changed."""
        if member.admitted:
            self._room.mute(member.leg.stream, not member.heard)
        self._changed()

    def hush(self, member: Member) -> None:
        """The others do not hear it from this moment on, until `flow`."""
        if member.admitted:
            self._room.mute(member.leg.stream, True)

    # -- what all hear ---------------------------------------------------------------------------------------------

    def say(self, *parts: str | Sound) -> None:
        """To all, after what is being said: phrases by their names, and sounds."""
        if not self._to_say.full():
            self._to_say.put_nowait(parts)

    def _tell_coming(self, member: Member, tone: Callable[[], Sound], phrase: str) -> None:
        if self.record.announce == "nothing" or not any(
            each.admitted for each in self.members.values() if each is not member
        ):
            return
        if self.record.announce == "name" and member.name is not None:
            self.say(member.name, phrase)
        else:
            self.say(tone())

    async def _announce_all(self) -> None:
        while True:
            for part in await self._to_say.get():
                sound = await self._voice.says.phrase(part) if isinstance(part, str) else part
                self._play(sound.prompt)
                await asyncio.sleep(sound.seconds)

    def _play(self, prompt: Prompt) -> None:
        try:
            self._room.play(prompt)
        except ValueError as error:
            log.warning("an announcement cannot be played", extra={"reason": str(error)})

    # -- recording -------------------------------------------------------------------------------------------------

    @property
    def recording(self) -> bool:
        return self._recording is not None

    async def set_recording(self, on: bool) -> bool:
        """Start or stop; everybody is told. False when it cannot be started."""
        self.wants_recording = False
        async with self._recording_order:
            if on == self.recording:
                return True
            if not on:
                return await self._stop_recording()
            return await self._start_recording()

    async def _start_recording(self) -> bool:
        if self._recorder is None:
            return False
        first = next(iter(self.members.values()), None)
        if first is None:
            return False  # nobody is in it
        file = None
        try:
            file = await self._files.record(self.record.number, first.call.id)
            if not self.members:
                raise OSError(errno.ECANCELED, "all have left meanwhile")  # noqa: TRY301  the room is closed
            self._recording = self._recorder.record_room(
                self._room,
                file.path,
                format=file.format,
                max_s=LONGEST_RECORDING_S,
                on_end=self._recording_ended,
                may_go_on=file.may_go_on,
            )
        except OSError as error:
            log.error(  # noqa: TRY400  a full disk needs no traceback
                "a conference cannot be recorded",
                extra={"conference": self.record.number, "reason": error.strerror},
            )
            if file is not None:
                file.refused(error)
            return False
        self._recorded = file
        file.begun()
        for each in self.members.values():
            if each.admitted:
                self._note(each, ConferenceRecorded, file=file.file, recording=file.id)
        self.say("conference_recording_on")
        self._changed()
        return True

    async def _stop_recording(self) -> bool:
        if self._recording is not None:
            await self._recording.stop()
            self.say("conference_recording_off")
        return True

    def _recording_ended(self, ended: RecordingEnded) -> None:
        file, self._recording, self._recorded = self._recorded, None, None
        if file is not None:
            file.ended(ended)
        level = logging.INFO if ended.reason in ("stopped", "closed") else logging.ERROR
        log.log(
            level,
            "the recording of a conference has ended",
            extra={
                "conference": self.record.number,
                "reason": ended.reason,
                "detail": ended.detail,
                "duration_ms": ended.duration_ms,
            },
        )
        self._changed()

    # -- how it is doing -------------------------------------------------------------------------------------------

    async def _watch_talkers(self) -> None:
        while True:
            await asyncio.sleep(TALKERS_EVERY_S)
            self._look_for_talkers()

    def _look_for_talkers(self) -> None:
        talking = {id(stream) for stream in self._room.talkers()}
        different = False
        for each in self.members.values():
            now = each.admitted and id(each.leg.stream) in talking
            different |= now != each.talking
            each.talking = now
        if different:
            self._changed()

    def _note(self, member: Member, event: Callable[..., events.CallEvent], /, **fields: Any) -> None:
        call = member.call
        call.record(event(call=call.id, at=call.now(), conference=self.record.number, **fields))


def status_of(record: ConferenceWrite, live: LiveConference | None) -> ConferenceStatus:
    """How a conference is; None: nobody is in it."""
    about = {
        "conference": record.number,
        "name": record.name,
        "needs_pin": bool(record.pin),
        "has_moderator_pin": bool(record.moderator_pin),
    }
    if live is None:
        return ConferenceStatus(**about)  # type: ignore[arg-type]  # the four fields that it needs
    return ConferenceStatus(
        **about,  # type: ignore[arg-type]
        locked=live.locked,
        all_muted=live.all_muted,
        recording=live.recording,
        since=live.since,
        members=tuple(each.status() for each in live.members.values()),
    )
