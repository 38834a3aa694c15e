"""How far ahead of the caller's ear what was sent is, and the sounds of the edge itself, sent at their own pace.

Twilio plays what it is sent in order, without end: what comes in a bunch after a pause would be late for the rest of
the call. So it is measured here, and what is too far ahead is taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.voice.tones import FRAME, SILENCE

__all__ = ["Pace", "Player"]

FRAME_S = 0.02
MOST_AHEAD_S = 0.24
STANDING_S = 0.06
"""What always stands in the way is taken out slowly, a frame a second."""
LOOK_S = 1.0
STEP_S = 0.1
LEAD_S = 0.3


class Pace:
    """A clock of what the caller hears."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until = 0.0
        self._least = 1.0
        self._look_at = 0.0
        self.dropped = 0

    @property
    def ahead_s(self) -> float:
        """How long what was sent still plays."""
        return max(self._until - self._now(), 0.0)

    def sent(self, seconds: float) -> None:
        self._until = max(self._until, self._now()) + seconds

    def cleared(self) -> None:
        self._until = 0.0

    def is_too_far(self) -> bool:
        """Whether so much came at once that it must be taken back."""
        return self._until - self._now() > MOST_AHEAD_S

    def leaves_out(self) -> bool:
        """Whether this frame is to be left out, since the caller is always a little behind."""
        now = self._now()
        self._least = min(self._least, self._until - now)
        if now < self._look_at:
            return False
        standing, self._least = self._least, 1.0
        self._look_at = now + LOOK_S
        if standing > STANDING_S:
            self.dropped += 1
            return True
        return False


class Player:
    """Sends one sound over and over, until it is stopped."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._sound = b""
        self._at = 0
        self._sent_s = 0.0
        self._began = 0.0
        self._times: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._done: Callable[[], None] | None = None

    @property
    def is_on(self) -> bool:
        return self._timer is not None

    def play(self, sound: bytes, *, times: int | None = None, then: Callable[[], None] | None = None) -> None:
        """`times` None: for ever. `then` is called when all has been sent and has had time to play."""
        self.stop()
        loop = asyncio.get_running_loop()
        self._sound, self._at, self._times, self._done = sound, 0, times, then
        self._sent_s, self._began = 0.0, loop.time()
        self._step()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _step(self) -> None:
        loop = asyncio.get_running_loop()
        ended = False
        while self._sent_s < loop.time() - self._began + LEAD_S and not ended:
            frame = self._sound[self._at : self._at + FRAME].ljust(FRAME, SILENCE[:1])
            self._at += FRAME
            if self._at >= len(self._sound):
                self._at = 0
                if self._times is not None:
                    self._times -= 1
                    ended = self._times <= 0
            self._send(frame)
            self._sent_s += FRAME_S
        if not ended:
            self._timer = loop.call_later(STEP_S, self._step)
            return
        left_s = max(self._began + self._sent_s - loop.time(), 0.0)
        self._timer = loop.call_later(left_s, self._end)

    def _end(self) -> None:
        self._timer = None
        if self._done is not None:
            self._done()
