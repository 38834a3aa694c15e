"""Two legs that talk and may be recorded: started, paused, resumed and stopped; what keys do, and what both hear.

One recording follows another when it is stopped and started again. A recording of a leg goes on while it is held,
renegotiates or changes its codec: it is the stream that is recorded, whatever flows there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Literal

import msgspec

from pbx.call.call import Call
from pbx.call.leg import CallLeg
from pbx.call.ports import Prompt, Stream
from pbx.call.ports import Recording as Writing
from pbx.call.talk import Sound
from pbx.feature.recording.keys import KeyFilter
from pbx.feature.recording.library import file_name
from pbx.feature.recording.policy import Ruling
from pbx.model import call_event as events
from pbx.model.recording import Recording, RecordingDo
from pbx.model.recording_event import (
    RecordingFailed,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
    RecordingStopped,
)

if TYPE_CHECKING:
    from pbx.feature.recording.recordings import Recordings, Session

__all__ = ["RecordedConversation"]

log = logging.getLogger(__name__)

KEY_PATIENCE_S = 1.5
"""Between the keys of a code; then they were for the other side."""

Key = tuple[CallLeg, str, int, str]
"""Who pressed it, the digit, for how many ms, by which way."""
PassOn = Callable[[CallLeg, str, int, str], None]


class _File(msgspec.Struct, eq=False):
    """One recording of the conversation. `writing` is there once the file is."""

    row: Recording
    writing: Writing | None = None
    over: bool = False
    paused_by: str = ""
    paused_at: float = 0.0
    paused_s: float = 0.0


class RecordedConversation:
    """Made by `Recordings.begin`; `end` when the two no longer talk."""

    def __init__(
        self,
        owner: Recordings,
        call: Call,
        other: CallLeg,
        ruling: Ruling,
        *,
        trunk: str | None,
        queue: str | None,
    ) -> None:
        self._owner = owner
        self._call = call
        self._legs = (call.a, other)
        self._ruling = ruling
        self._trunk = trunk
        self._queue = queue
        self._settings = owner.settings()
        self._files: list[_File] = []
        self._over = False
        self._pass_on: PassOn | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}
        codes = {self._settings.record_keys: "record", self._settings.pause_keys: "pause"}
        codes.pop("", None)
        self._keys: dict[CallLeg, KeyFilter[Key]] = {}
        for leg in self._legs:
            if codes and leg.party.extension is not None:
                self._keys[leg] = KeyFilter(codes)
                leg.keys_held = call.ports.transcoder is not None
        self.announcement: Sound | None = None
        """To be heard by both before they hear each other."""

    # -- its life ----------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        return self._owner.session(self._call)

    @property
    def stream(self) -> Stream:
        """What is recorded: the party's stream, where it is on the left and what it hears on the right."""
        return self._legs[0].stream

    def begin(self) -> None:
        """Record from the first word, where that is demanded or was asked for."""
        if self._ruling.when == "always" or self.session.asked:
            reasons = self._ruling.reasons if self._ruling.when == "always" else (self.session.asked,)
            if self._start(reasons):
                self.announcement = self._announced()
                if self.session.paused:
                    self._pause(self.session.paused)
        self.session.paused = ""

    def listen(self, pass_on: PassOn) -> None:
        """The two hear each other; `pass_on` takes the keys that are no codes of ours after all."""
        self._pass_on = pass_on

    def end(self) -> None:
        """They no longer talk. May be called twice."""
        if self._over:
            return
        self._over = True
        for timer in self._timers.values():
            timer.cancel()
        for leg in self._legs:
            leg.keys_held = False
        self._finish("closed")
        if self.session.now is self:
            self.session.now = None

    # -- what can be done --------------------------------------------------------------------------------------------

    def do(self, do: RecordingDo, by: str) -> str:
        """Do it; why it cannot be done, "" when it was done or is so already."""
        if self._over:
            return "nobody talks there any more"
        if do == "start":
            return self._start_on_demand(by)
        if do == "stop":
            return self._stop_on_demand(by)
        if self._now is None:
            return "the call is not recorded"
        if do == "pause":
            self._pause(by)
        else:
            self._resume(by)
        return ""

    def _start_on_demand(self, by: str) -> str:
        if self._now is not None:
            return ""
        if not self._start((by,)):
            return self._owner.library.problem
        self._owner.asked_for(self._call, self._legs, by)
        if (announcement := self._announced()) is not None:
            self._play(announcement.prompt)
        return ""

    def _stop_on_demand(self, by: str) -> str:
        if self._ruling.when == "always":
            return "this call is always recorded; it can be paused"
        log.info("a recording is stopped", extra={"call": self._call.id, "by": by})
        self._owner.asked_for(self._call, self._legs, "")
        self._finish("stopped")
        return ""

    # -- keys --------------------------------------------------------------------------------------------------------

    def press(self, leg: CallLeg, digit: str, duration_ms: int, via: str) -> bool:
        """A key was pressed. False: it is for the other side, now."""
        keys = self._keys.get(leg)
        if keys is None:
            self._pause_for_keys(leg)
            return False
        heard = keys.press(digit, (leg, digit, duration_ms, via))
        for command in heard.commands:
            self._command(leg, command)
        self._release(heard.passed)
        self._timer(f"keys {leg.name}", KEY_PATIENCE_S if keys.waiting else 0.0, partial(self._give_up, leg))
        return True

    def _give_up(self, leg: CallLeg) -> None:
        self._release(self._keys[leg].give_up())

    def _release(self, keys: tuple[Key, ...]) -> None:
        if self._pass_on is not None:
            for key in keys:
                self._pass_on(*key)

    def _command(self, leg: CallLeg, command: str) -> None:
        now = self._now
        by = f"key:{leg.party.extension}"
        cue: Literal["on", "off"]
        if command == "record":
            refusal = self.do("stop" if now is not None else "start", by)
            cue = "off" if now is not None else "on"
        else:
            paused = now is not None and bool(now.paused_by)
            refusal = self.do("resume" if paused else "pause", by)
            cue = "on" if paused else "off"
        self._play(self._owner.cues.told("refused" if refusal else cue), leg)

    def _pause_for_keys(self, leg: CallLeg) -> None:
        """Somebody types, perhaps a card number; not one who may use codes."""
        quiet_s = self._settings.pause_on_keys_s
        now = self._now
        if not quiet_s or now is None or (now.paused_by and now.paused_by != "node"):
            return
        self._pause("node")
        self._timer("typed", quiet_s, self._typed)

    def _typed(self) -> None:
        if self._now is not None and self._now.paused_by == "node":
            self._resume("node")

    # -- what is heard -----------------------------------------------------------------------------------------------

    def _announced(self) -> Sound | None:
        inside = all(leg.party.extension is not None for leg in self._legs)
        wanted = self._settings.announce
        if wanted == "nobody" or (wanted == "outside" and inside):
            return None
        return self._owner.cues.announcement()

    def _beep(self) -> None:
        if self._now is None:
            return
        if not self._now.paused_by and self._pass_on is not None and not any(leg.held for leg in self._legs):
            self._play(self._owner.cues.beep())
        self._timer("beep", self._settings.beep_every_s, self._beep)

    def _play(self, sound: Prompt, *legs: CallLeg) -> None:
        for leg in legs or self._legs:
            with suppress(ValueError):  # a phone that cannot be spoken to
                self._call.ports.media.play(leg.stream, sound)

    def _timer(self, name: str, after_s: float, then: Callable[[], None]) -> None:
        """One of each name; 0 only takes the old one away."""
        if (before := self._timers.pop(name, None)) is not None:
            before.cancel()
        if after_s and not self._over:
            self._timers[name] = asyncio.get_running_loop().call_later(after_s, then)

    # -- the file ----------------------------------------------------------------------------------------------------

    @property
    def _now(self) -> _File | None:
        """What is being recorded."""
        newest = self._files[-1] if self._files else None
        return newest if newest is not None and not newest.over else None

    def _start(self, reasons: tuple[str, ...]) -> bool:
        """Whether there is room for it."""
        library, call = self._owner.library, self._call
        if problem := library.problem:
            call.record(RecordingFailed(call=call.id, at=call.now(), reason=problem))
            library.failed_with("disk_full" if "disk" in problem else "quota")
            return False
        self.session.parts += 1
        at, part = call.now(), self.session.parts
        left, right = (leg.party for leg in self._legs)
        id_ = f"{call.id}-{part}"
        row = Recording(
            id=id_,
            chain=self.session.chain,
            call=call.id,
            part=part,
            left=left.number,
            right=right.number,
            left_extension=left.extension,
            right_extension=right.extension,
            trunk=self._trunk,
            queue=self._queue,
            dialled=call.dialled,
            reasons=reasons,
            file=file_name(at.astimezone(), left.number, right.number, id_, self._settings.format),
            format=self._settings.format,
            started_at=at,
            keep_days=self._ruling.keep_days,
        )
        self._files.append(_File(row))
        call.record(
            RecordingStarted(call=call.id, at=at, leg=self._legs[0].name, recording=id_, file=row.file)
        )
        self._owner.spawn("recording", self._owner.write(self, row))
        self._timer("beep", self._settings.beep_every_s, self._beep)
        return True

    def made(self, id_: str, writing: Writing) -> None:
        """The file of a recording is there."""
        file = self._of(id_)
        file.writing = writing
        if file.paused_by:
            writing.pause()
        if file.over:
            self._owner.spawn("recording", stopped(writing))

    def lost(self, id_: str, reason: str) -> None:
        """The file of a recording is closed; nobody here may have wanted that."""
        file = self._of(id_)
        if not file.over:
            self._ended(file, reason)

    def paused_s(self, id_: str) -> float:
        """How much was cut out of a recording."""
        return self._of(id_).paused_s

    def _of(self, id_: str) -> _File:
        return next(each for each in self._files if each.row.id == id_)

    def _finish(self, reason: str) -> None:
        file = self._now
        if file is None:
            return
        self._ended(file, reason)
        if file.writing is not None:
            self._owner.spawn("recording", stopped(file.writing))

    def _ended(self, file: _File, reason: str) -> None:
        file.over = True
        self._count_pause(file)
        call = self._call
        if isinstance(call.events[-1], events.CallEnded):
            return
        call.record(RecordingStopped(call=call.id, at=call.now(), recording=file.row.id, reason=reason))

    def _pause(self, by: str) -> None:
        file, call = self._now, self._call
        if file is None or file.paused_by:
            return
        file.paused_by, file.paused_at = by, self._owner.clock.monotonic()
        if file.writing is not None:
            file.writing.pause()
        call.record(RecordingPaused(call=call.id, at=call.now(), recording=file.row.id, by=by))
        self._timer("pause", self._settings.pause_at_most_s, partial(self._resume, "node"))

    def _resume(self, by: str) -> None:
        file, call = self._now, self._call
        if file is None or not file.paused_by:
            return
        self._count_pause(file)
        if file.writing is not None:
            file.writing.resume()
        call.record(RecordingResumed(call=call.id, at=call.now(), recording=file.row.id, by=by))

    def _count_pause(self, file: _File) -> None:
        if file.paused_by:
            file.paused_s += self._owner.clock.monotonic() - file.paused_at
            file.paused_by = ""


async def stopped(writing: Writing) -> None:
    """Write what was heard until now."""
    await writing.stop()
