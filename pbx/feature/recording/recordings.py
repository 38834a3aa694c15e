"""Which conversations are recorded, and what people, programs and flows do about it while they go on.

Two legs that talk are a conversation; each that is recorded is a file of its own. So what happens between two of them
(ringing after a transfer, the music of a parking slot) is in none, and whoever comes in may forbid his part without
taking away the rest. The files of one caller's way through the office are a chain, which goes along with the legs when
they change into another call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol
from weakref import WeakKeyDictionary

import msgspec
from msgspec.structs import replace

from pbx.call.call import Call
from pbx.call.leg import CallLeg
from pbx.call.ports import Prompt, Recording
from pbx.call.talk import Sound
from pbx.core.clock import Clock
from pbx.core.errors import UserError
from pbx.feature.recording.conversation import RecordedConversation
from pbx.feature.recording.library import Library
from pbx.feature.recording.policy import Get, Rule, decide, leg_of, way_of
from pbx.model.inbound_number import InboundNumber
from pbx.model.recording import Recording as RecordingRow
from pbx.model.recording import RecordingDo, RecordingSettings
from pbx.model.recording_event import (
    INTERRUPTED,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)
from pbx.model.stream import RecordingEnded

__all__ = ["Cues", "Engine", "Recordings", "Session"]

CLOSE_S = 3.0

Spawn = Callable[[str, Coroutine[Any, Any, None]], object]


class Engine(Protocol):
    """The part of the audio engine that records; the same as `pbx.media.engine.MediaEngine`."""

    def record(
        self,
        a: Any,
        path: Path,
        *,
        format: Literal["wav", "opus"] = ...,
        channels: Literal[1, 2] = ...,
        rate_hz: int = ...,
        may_go_on: Callable[[Any], bool] | None = ...,
    ) -> Recording: ...


class Cues(msgspec.Struct, frozen=True):
    """What people hear: `told` by who pressed keys, `beep` by both, `announcement` before they hear each other."""

    told: Callable[[Literal["on", "off", "refused"]], Prompt]
    beep: Callable[[], Prompt]
    announcement: Callable[[], Sound]


class Session(msgspec.Struct, eq=False):
    """What is known of a call beyond one conversation. `asked` is who had it recorded though nobody demands it."""

    chain: str = ""
    asked: str = ""
    paused: str = ""
    """Who wants the next conversation to begin paused."""
    parts: int = 0
    now: RecordedConversation | None = None


class _Mark(msgspec.Struct, frozen=True):
    """What goes along with a leg, in whichever call it is."""

    chain: str
    rules: tuple[Rule, ...]
    trunk: str | None
    queue: str | None
    asked: str = ""


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


class Recordings(msgspec.Struct):
    """Implements `call.ports.Conversations`. `get` and `numbers` are the office's records."""

    engine: Engine
    library: Library
    clock: Clock
    cues: Cues
    get: Get
    numbers: Callable[[], Sequence[InboundNumber]]
    settings: Callable[[], RecordingSettings]
    spawn: Spawn
    calls: Callable[[str], Call | None]
    _sessions: WeakKeyDictionary[Call, Session] = msgspec.field(default_factory=WeakKeyDictionary)
    _marks: dict[int, _Mark] = msgspec.field(default_factory=dict)
    _writing: int = 0
    _idle: asyncio.Event = msgspec.field(default_factory=_set)

    def session(self, call: Call) -> Session:
        """The call's, made when it is first asked for."""
        found = self._sessions.get(call)
        if found is None:
            found = self._sessions[call] = _session_of(call)
        return found

    # -- for the call ------------------------------------------------------------------------------------------------

    def begin(self, call: Call, other: CallLeg) -> RecordedConversation | None:
        """The party and `other` are about to talk. None: it is not recorded, and nobody can start it."""
        session, settings = self.session(call), self.settings()
        legs = (call.a, other)
        marks = [self._marks[id(each)] for each in legs if id(each) in self._marks]
        way = way_of(call, self.get, self.numbers)
        own = [leg_of(call, each, self.get) for each in legs]
        travelled = {rule.source: rule for mark in marks for rule in mark.rules}
        travelled |= {rule.source: rule for rule in way.rules}
        rules = [
            Rule("office", settings.calls),
            *travelled.values(),
            *(rule for _, those in own for rule in those),
        ]
        ruling = decide(rules, settings.keep_days)
        chain = session.chain or next((each.chain for each in marks if each.chain), "")
        if not session.chain:  # what goes on in a call that is new goes on as it was
            session.asked = session.asked or next((each.asked for each in marks if each.asked), "")
        session.chain = chain = chain or f"{call.id}-1"
        trunk = next((name for name, _ in own if name), None) or next(
            (each.trunk for each in marks if each.trunk), None
        )
        queue = way.queue or next((each.queue for each in marks if each.queue), None)
        mark = _Mark(chain, tuple(travelled.values()), trunk, queue, session.asked)
        for each in legs:
            self._remember(each, mark)
        if ruling.when == "never" or (ruling.when == "default" and not session.asked):
            return None
        session.now = RecordedConversation(self, call, other, ruling, trunk=trunk, queue=queue)
        session.now.begin()
        return session.now

    def _remember(self, leg: CallLeg, mark: _Mark) -> None:
        if id(leg) not in self._marks:
            leg.on_close(partial(self._forget, id(leg)))
        self._marks[id(leg)] = mark

    def _forget(self, leg: int) -> None:
        self._marks.pop(leg, None)

    def asked_for(self, call: Call, legs: Iterable[CallLeg], by: str) -> None:
        """Somebody has it recorded, or ("") no longer: that holds for what those legs talk after this, too."""
        self.session(call).asked = by
        for each in legs:
            if (mark := self._marks.get(id(each))) is not None:
                self._marks[id(each)] = replace(mark, asked=by)

    # -- for everybody else ------------------------------------------------------------------------------------------

    def control(self, call_id: str, do: RecordingDo, by: str) -> None:
        """Do it to the conversation of a call. Raises `UserError` 404 and 409."""
        call = self.calls(call_id)
        if call is None:
            raise UserError(f"there is no call {call_id} going on", http_status=404)
        now = self.session(call).now
        if now is None:
            raise UserError(
                f"the call {call_id} has no conversation that may be recorded",
                http_status=409,
                action='Set "record" to on_demand or always for one of those who talk, and to never for none of them',
            )
        if refusal := now.do(do, by):
            raise UserError(refusal, http_status=409)

    def by_flow(self, call: Call, do: RecordingDo) -> str:
        """A flow demands it for the conversations that follow; why it cannot be, "" when it can."""
        session = self.session(call)
        if do in ("pause", "resume"):
            session.paused = "flow" if do == "pause" else ""
            return ""
        if do == "stop":
            session.asked = ""
            return ""
        way = way_of(call, self.get, self.numbers)
        rules = [Rule("office", self.settings().calls), *way.rules, *leg_of(call, call.a, self.get)[1]]
        if decide(rules).when == "never":
            return "this call may not be recorded"
        session.asked = "flow"
        return ""

    async def close(self) -> None:
        """Wait until the files of calls that have ended are complete, but not for ever for a disk."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._idle.wait()

    async def write(self, conversation: RecordedConversation, row: RecordingRow) -> None:
        """One file, from its making to its end. Runs beside the call, and outlives it by a moment."""
        self._writing += 1
        self._idle.clear()
        try:
            await self._write(conversation, row)
        finally:
            self._writing -= 1
            if not self._writing:
                self._idle.set()

    async def _write(self, conversation: RecordedConversation, row: RecordingRow) -> None:
        settings = self.settings()
        try:
            path = await self.library.place(row)
            made = self.engine.record(
                conversation.stream,
                path,
                format="opus" if row.format == "opus" else "wav",
                channels=2,
                rate_hz=16000 if settings.wideband else 8000,
                may_go_on=lambda progress: self.library.grows(row.id, progress.size_bytes),
            )
        except (OSError, RuntimeError, ValueError) as error:  # no folder, a leg that has gone, no such format
            self.library.refused(row, "disk_failed" if isinstance(error, OSError) else "refused", str(error))
            conversation.lost(row.id, "disk_failed")
            return
        conversation.made(row.id, made)
        await self.library.opened(row)
        ended: RecordingEnded = await made.ended
        conversation.lost(row.id, ended.reason)
        await self.library.closed(row, ended, paused_s=conversation.paused_s(row.id))


def _session_of(call: Call) -> Session:
    """Of a call that is new, or that has outlived a restart: its parts are counted on, and what was recorded is."""
    started = [each for each in call.events if isinstance(each, RecordingStarted)]
    stopped = [each for each in call.events if isinstance(each, RecordingStopped)]
    session = Session(parts=len(started))
    if started:
        session.chain = f"{call.id}-1"
        if stopped and stopped[-1].reason == INTERRUPTED:
            session.asked = "node"
            session.paused = _paused_by(call, stopped[-1].recording)
    return session


def _paused_by(call: Call, recording: str) -> str:
    """Who wanted nothing recorded when it ended; "" when it was not paused."""
    by = ""
    for event in call.events:
        if isinstance(event, RecordingPaused) and event.recording == recording:
            by = event.by
        elif isinstance(event, RecordingResumed) and event.recording == recording:
            by = ""
    return by
