"""One call between Twilio's media stream and the office's tunnel: frames in, frames out, no work on each but base64.

The caller hears ringing until the office answers, music while the tunnel is broken, and a tone when the office is busy.
When the office does not come back, the call goes on where the TwiML behind the stream leads.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Literal, Protocol

from edge.tunnel.session import TunnelCall
from edge.twilio import stream
from edge.voice import tones
from edge.voice.playing import Pace, Player

__all__ = ["Outcome", "Relay", "Socket"]

log = logging.getLogger(__name__)

MOST_UNSENT = 32 * 1024
"""Bytes that Twilio may not have read yet: a second of sound."""
MARK_EVERY_S = 5.0
LATE_S = 0.6
"""A mark that comes back so much later than it should says that Twilio holds more than we know."""
LAST_WORDS_S = 1.5
BUSY_TIMES = 8
OFFICE_AT_FAULT = 500

Outcome = Literal["done", "lost"]


class Socket(Protocol):
    """The way to Twilio."""

    def send(self, frame: str | bytes) -> None: ...

    @property
    def unsent(self) -> int: ...


class Relay:
    """Implements `CallSide`. `over` is called once, with how the call ended and why."""

    def __init__(self, country: str, over: Callable[[Outcome, str], None]) -> None:
        self.call: TunnelCall | None = None
        self.outcome: Outcome | None = None
        self.dropped = 0
        self._country = country
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._socket: Socket | None = None
        self._writer = stream.Writer("")
        self._pace = Pace(self._loop.time)
        self._player = Player(self._frame)
        self._rings = False
        self._broken = False
        self._deaf_until = 0.0
        self._marks: dict[str, tuple[float, float]] = {}
        self._mark_at = 0.0
        self._mark_number = 0
        self._ended_by_mark = ""
        self._said: Callable[[], None] | None = None
        self.also: Callable[[Outcome, str], None] | None = None
        """Told of the end too: whoever carries the stream of a call that was placed."""

    @property
    def is_attached(self) -> bool:
        return self._socket is not None

    def attach(self, socket: Socket, stream_sid: str) -> None:
        """The stream has begun: from now on the caller hears and is heard."""
        self._socket = socket
        self._writer = stream.Writer(stream_sid)
        self._mark_at = self._loop.time() + MARK_EVERY_S

    # -- from Twilio ------------------------------------------------------------------------------------------------

    def take(self, message: stream.FromTwilio) -> None:
        """What Twilio says after `start`."""
        call = self.call
        if call is None or self.outcome is not None:
            if isinstance(message, stream.Mark):
                self._played(message.mark.name)
        elif isinstance(message, stream.Media):
            if message.media.track == "inbound":
                call.sound(message.media.payload)
        elif isinstance(message, stream.Dtmf):
            if message.dtmf.digit in _KEYS:
                call.digit(message.dtmf.digit)
        elif isinstance(message, stream.Mark):
            self._played(message.mark.name)

    def left(self, *, properly: bool) -> None:
        """Twilio has ended the stream: the caller hung up, or the connection broke."""
        if self.call is not None:
            self.call.hang_up("normal" if properly else "transport")
        self._end("done" if properly else "lost", "caller" if properly else "the stream broke")

    def refused_outside(self) -> None:
        """The call that was placed came to nothing."""
        self._end("done", "not answered")

    # -- from the office --------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        self._rings = True
        self._player.play(tones.ringback(self._country))

    def answered(self) -> None:
        self._rings = False
        self._quiet()

    def refused(self, status: int, reason: str) -> None:
        if status >= OFFICE_AT_FAULT and status < 600:
            self._end("lost", f"{status} {reason}".strip())
            return
        self._quiet()
        self._player.play(
            tones.busy(self._country),
            times=BUSY_TIMES,
            then=lambda: self._end("done", f"{status} {reason}".strip()),
        )

    def hung_up(self, cause: str) -> None:
        if cause in ("shutdown", "error"):  # the node's own fault: the caller still wants something
            self._end("lost", cause)
        else:
            self._after_last_words(lambda: self._end("done", cause))

    def digits(self, digits: str) -> None:
        if self._broken or self._socket is None:
            return
        self._quiet()
        for digit in digits:
            for frame in tones.frames(tones.key(digit)):
                self._frame(frame)
        self._deaf_until = self._loop.time() + self._pace.ahead_s

    def clear(self) -> None:
        self._quiet(always=True)

    def sound(self, payload: bytes, number: int) -> None:
        if self._broken or self.outcome is not None or not payload:
            return
        if self._player.is_on:  # the office speaks, also before it answers
            if self._said is not None:
                return
            self._quiet()
        now = self._loop.time()
        if now < self._deaf_until:
            return
        if self._pace.is_too_far():
            self._send_clear()
        elif self._pace.leaves_out():
            return
        self._frame(payload)
        if now >= self._mark_at:
            self._mark(now)

    def broken(self) -> None:
        self._broken = True
        self._quiet(always=True)
        self._player.play(tones.music())

    def resumed(self) -> None:
        self._broken = False
        self._quiet(always=True)
        if self._rings:
            self.ringing()

    def lost(self) -> None:
        self._end("lost", "the office did not come back")

    # -- inside -----------------------------------------------------------------------------------------------------

    def _frame(self, payload: bytes) -> None:
        socket = self._socket
        if socket is None:
            return
        if socket.unsent > MOST_UNSENT:
            self.dropped += 1
            return
        socket.send(self._writer.media(payload))
        self._pace.sent(len(payload) / 8000)

    def _quiet(self, *, always: bool = False) -> None:
        """End a sound of ours, and what Twilio still has of it."""
        if self._player.is_on or always:
            self._player.stop()
            self._send_clear()

    def _send_clear(self) -> None:
        if self._socket is not None:
            self._socket.send(self._writer.clear)
        self._pace.cleared()
        self._marks.clear()
        self._deaf_until = 0.0

    def _mark(self, now: float) -> None:
        self._mark_at = now + MARK_EVERY_S
        self._mark_number += 1
        name = f"m{self._mark_number}"
        self._marks[name] = (now, self._pace.ahead_s)
        if self._socket is not None:
            self._socket.send(self._writer.mark(name))

    def _played(self, name: str) -> None:
        """A mark has come back: in any order, perhaps never, perhaps one that we do not know."""
        if name == self._ended_by_mark and self._said is not None:
            said, self._said = self._said, None
            said()
            return
        sent = self._marks.pop(name, None)
        if sent is not None and self._loop.time() - sent[0] - sent[1] > LATE_S:
            log.info("a stream lagged behind", extra={"lag_s": round(self._loop.time() - sent[0], 2)})
            self._send_clear()

    def _after_last_words(self, then: Callable[[], None]) -> None:
        """What the office said last is heard before the stream ends."""
        if self._player.is_on or self._pace.ahead_s == 0 or self._socket is None or self._said is not None:
            then()
            return
        self._said = then
        self._ended_by_mark = "end"
        self._socket.send(self._writer.mark("end"))
        self._loop.call_later(LAST_WORDS_S, self._played, "end")

    def _end(self, outcome: Outcome, why: str) -> None:
        if self.outcome is None:
            self.outcome = outcome
            self._player.stop()
            self._over(outcome, why)
            if self.also is not None:
                self.also(outcome, why)


_KEYS = frozenset("0123456789ABCD*#")
