"""What is heard and watched, for the site's stage: voice messages, prompts, recordings, conferences and queues.

Messages, prompts and recordings lie in real stores with real files; who talks in a conference or waits in a queue is
played.
"""

from __future__ import annotations

import math
import struct
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field
from msgspec.structs import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from pbx.api.deps import ApiDeps
from pbx.core.clock import SystemClock
from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.core.ids import new_id
from pbx.feature.prompts import Prompts
from pbx.feature.sip_trace import SipTraces
from pbx.feature.voicemail.boxes import Boxes
from pbx.feature.voicemail.files import Files
from pbx.feature.voicemail.shelf import Shelf
from pbx.media.prompt_files import PromptFiles
from pbx.media.speech_synthesis import voices_of
from pbx.model.conference_status import (
    ConferenceChanged,
    ConferenceInvitation,
    ConferenceMember,
    ConferenceOrder,
    ConferenceStatus,
    InvitedMember,
    MemberOrder,
)
from pbx.model.kinds import MAILBOX
from pbx.model.mailbox import Mailbox, MailboxWrite
from pbx.model.queue_status import AgentDuty, AgentStatus, QueueStatus
from pbx.model.recording import Recording, RecordingDo, RecordingStorage
from pbx.model.voicemail import Voicemail, VoicemailChanged
from pbx.store.database import Database
from pbx.store.recordings import RecordingFilter, RecordingStore
from pbx.store.voicemail import VoicemailStore
from pbx.transport.trace import Trace

GIB = 1 << 30


def speechlike(path: Path, seconds: float, *, channels: int = 1, rate_hz: int = 8000) -> None:
    """Syllables of a hum; on two channels the sides take turns."""
    frames = bytearray()
    for index in range(int(seconds * rate_hz)):
        at = index / rate_hz
        syllable = max(0.0, math.sin(at * 9.0)) ** 2 * (0.35 + 0.65 * abs(math.sin(at * 0.7)))
        value = round(11000 * syllable * math.sin(2 * math.pi * (130 + 40 * math.sin(at)) * at))
        turn = int(at / 3) % channels
        for channel in range(channels):
            frames += struct.pack("<h", value if channel == turn else value // 60)
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate_hz, 0, "NONE", ""))
        file.writeframes(bytes(frames))


@dataclass
class PlayedRecordings:
    """A `RecordingDesk` over a real store and folder; no call is ever recorded."""

    store: RecordingStore
    folder: Path
    bus: EventBus
    forecast_days: int | None = 200
    problem: str = ""

    async def page(self, wanted: RecordingFilter, limit: int, offset: int) -> tuple[Sequence[Recording], int]:
        return await self.store.page(wanted, limit=limit, offset=offset)

    async def get(self, id_: str) -> Recording | None:
        return await self.store.get(id_)

    def path(self, recording: Recording) -> Path:
        return self.folder / recording.file

    async def delete(self, id_: str, by: str) -> None:
        found = await self.store.get(id_)
        if found is None or found.deleted_at is not None:
            raise UserError(f"there is no recording {id_}", http_status=404)
        await self.store.put(
            msgspec.structs.replace(found, state="deleted", deleted_at=datetime.now(UTC), deleted_by=by)
        )
        self.path(found).unlink(missing_ok=True)

    def control(self, call_id: str, _do: RecordingDo, _by: str) -> None:
        raise UserError(f"there is no call {call_id} going on", http_status=404)

    async def storage(self) -> RecordingStorage:
        files, used = await self.store.totals()
        return RecordingStorage(
            files=files,
            used_bytes=used,
            quota_bytes=20 * GIB,
            disk_bytes=64 * GIB,
            disk_free_bytes=40 * GIB,
            bytes_per_day=120 << 20,
            full_in_days=self.forecast_days,
            recording_now=0,
            problem=self.problem,
        )

    async def add(
        self,
        call: str,
        left: str,
        right: str,
        *,
        seconds: float,
        ago_s: float,
        trunk: str | None = None,
        queue: str | None = None,
        reasons: tuple[str, ...] = ("extension:101",),
    ) -> Recording:
        started = datetime.now(UTC) - timedelta(seconds=ago_s)
        id_ = f"{call}-1"
        file = f"{started:%Y/%m/%d}/{id_}.wav"
        speechlike(self.folder / file, seconds, channels=2)
        recording = Recording(
            id=id_,
            chain=id_,
            call=call,
            part=1,
            left=left,
            right=right,
            left_extension=left if len(left) == 3 else None,
            right_extension=right if len(right) == 3 else None,
            trunk=trunk,
            queue=queue,
            dialled=right,
            reasons=reasons,
            file=file,
            format="wav",
            state="complete",
            started_at=started,
            ended_at=started + timedelta(seconds=seconds),
            duration_s=seconds,
            bytes=(self.folder / file).stat().st_size,
            keep_until=started + timedelta(days=90),
        )
        await self.store.put(recording)
        return recording


@dataclass
class PlayedConferences:
    """Conferences whose members the test moves in and out; orders are done at once."""

    bus: EventBus
    rooms: dict[str, ConferenceStatus] = field(default_factory=dict)
    invited: list[tuple[str, str]] = field(default_factory=list)

    def statuses(self) -> Sequence[ConferenceStatus]:
        return tuple(self.rooms.values())

    def status(self, number: str) -> ConferenceStatus:
        found = self.rooms.get(number)
        if found is None:
            raise UserError(f"there is no conference {number}", http_status=404)
        return found

    async def order(self, number: str, order: ConferenceOrder) -> ConferenceStatus:
        wanted = {name: value for name, value in msgspec.structs.asdict(order).items() if value is not None}
        return self.put(msgspec.structs.replace(self.status(number), **wanted))

    def end(self, number: str) -> None:
        self.put(msgspec.structs.replace(self.status(number), members=(), since=None, recording=False))

    def invite(self, number: str, invitation: ConferenceInvitation) -> InvitedMember:
        self.status(number)
        self.invited.append((number, invitation.number))
        return InvitedMember(call=new_id())

    def order_member(self, number: str, member: int, order: MemberOrder) -> ConferenceMember:
        found = self._member(number, member)
        made = msgspec.structs.replace(found, muted=order.muted, silenced=order.muted, talking=False)
        self._members(
            number, [made if each.member == member else each for each in self.rooms[number].members]
        )
        return made

    def remove(self, number: str, member: int) -> None:
        gone = self._member(number, member)
        self._members(number, [each for each in self.rooms[number].members if each is not gone])

    def put(self, room: ConferenceStatus) -> ConferenceStatus:
        self.rooms[room.conference] = room
        self.bus.publish("conference", ConferenceChanged(conference=room.conference))
        return room

    def _member(self, number: str, member: int) -> ConferenceMember:
        found = next((each for each in self.status(number).members if each.member == member), None)
        if found is None:
            raise UserError(f"there is no member {member}", http_status=404)
        return found

    def _members(self, number: str, members: list[ConferenceMember]) -> None:
        self.put(msgspec.structs.replace(self.rooms[number], members=tuple(members)))


@dataclass
class PlayedQueues:
    """Queues as the test sets them; an agent's duty is taken at once."""

    queues: dict[str, QueueStatus] = field(default_factory=dict)

    def statuses(self) -> Sequence[QueueStatus]:
        return tuple(self.queues.values())

    def set_duty(self, number: str, extension: str, duty: AgentDuty) -> AgentStatus:
        queue = self.queues.get(number)
        agents = queue.agents if queue is not None else ()
        found = next((each for each in agents if each.extension == extension), None)
        if queue is None or found is None:
            raise UserError(f"extension {extension} is no agent of a queue {number}", http_status=404)
        made = msgspec.structs.replace(
            found,
            logged_in=duty.logged_in,
            paused=duty.paused,
            state="paused" if duty.paused else "free" if duty.logged_in else "logged_out",
        )
        self.queues[number] = msgspec.structs.replace(
            queue, agents=tuple(made if each is found else each for each in agents)
        )
        return made


@dataclass
class MediaStage:
    """`furnish` puts it into the stage's office."""

    folder: Path
    recordings: PlayedRecordings = field(init=False)
    conferences: PlayedConferences = field(init=False)
    queues: PlayedQueues = field(default_factory=PlayedQueues)
    trace: Trace = field(default_factory=lambda: Trace(1_000_000))
    deps: ApiDeps = field(init=False)
    _messages: VoicemailStore = field(init=False)
    _files: Files = field(init=False)
    _boxes: list[Mailbox] = field(default_factory=list)

    async def furnish(self, deps: ApiDeps, database: Database) -> ApiDeps:
        self._messages, self._files = VoicemailStore(database), Files(self.folder / "voicemail")
        shelf = Shelf(
            self._messages,
            self._files,
            Boxes(lambda: self._boxes, tuple),
            bus=deps.bus,
            clock=SystemClock(),
            new_id=new_id,
        )
        await shelf.load()
        voices = voices_of(language="en", voice="", piper_voice=None, piper_program="piper")
        prompts = Prompts(
            deps.records, PromptFiles(self.folder / "prompts"), voices, SystemClock(), language="en"
        )
        self.recordings = PlayedRecordings(RecordingStore(database), self.folder / "recordings", deps.bus)
        self.conferences = PlayedConferences(deps.bus)
        self.deps = replace(
            deps,
            voicemail=shelf,
            prompts=prompts,
            recordings=self.recordings,
            conferences=self.conferences,
            queues=self.queues,
            sip_traces=SipTraces(self.trace, SystemClock(), lambda _: ("192.0.2.10", 5060)),
        )
        return self.deps

    async def mailbox(self, number: str, name: str) -> None:
        self._boxes.append(Mailbox(number=number, name=name))
        await self.deps.records.apply([(MAILBOX, MailboxWrite(number=number, name=name))])

    async def message(
        self, box: str, caller: tuple[str, str], *, seconds: float, ago_s: float, **marks: object
    ) -> Voicemail:
        """A message that was left in a box."""
        message = Voicemail(
            id=new_id(),
            mailbox=box,
            from_number=caller[0],
            from_name=caller[1],
            received_at=datetime.now(UTC) - timedelta(seconds=ago_s),
            duration_s=seconds,
            **marks,  # type: ignore[arg-type]  # the test's own
        )
        speechlike(self._files.path(message), seconds)
        await self._messages.put(message)
        assert self.deps.voicemail is not None
        await self.deps.voicemail.load()
        self.deps.bus.publish("voicemail", VoicemailChanged(mailbox=box, message=message.id))
        return message
