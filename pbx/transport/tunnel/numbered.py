"""Messages that must arrive, once and in order, over links that come and go.

Each has a number in its session. The sender keeps it until the other side says it got it, and sends it again over the
next link; the receiver takes each number once. A number that is missing is the other side's fault.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from pbx.transport.tunnel.frames import BadFrame

__all__ = ["MOST_KEPT", "Got", "Kept"]

MOST_KEPT = 4096


class Kept:
    """What was sent and may have to be sent again."""

    def __init__(self) -> None:
        self._last = 0
        self._frames: deque[tuple[int, str]] = deque()

    def add(self, write: Callable[[int], str]) -> str:
        """The frame of a new message; `write` gets its number. Raises `OverflowError` when too much is kept."""
        if len(self._frames) >= MOST_KEPT:
            raise OverflowError("the other side has confirmed nothing for too long")
        self._last += 1
        frame = write(self._last)
        self._frames.append((self._last, frame))
        return frame

    def arrived(self, number: int) -> None:
        """The other side has all up to `number`. Raises `BadFrame` when that was never sent."""
        if number > self._last:
            raise BadFrame(f"message {number} is confirmed, {self._last} were sent")
        while self._frames and self._frames[0][0] <= number:
            self._frames.popleft()

    def again(self) -> list[str]:
        """What the other side has not confirmed, in order."""
        return [frame for _, frame in self._frames]


class Got:
    """The last number that was taken."""

    def __init__(self) -> None:
        self.last = 0

    def take(self, number: int) -> bool:
        """Whether it is the next one; False for one that came before. Raises `BadFrame` when one is missing."""
        if number <= self.last and number > 0:
            return False
        if number != self.last + 1:
            raise BadFrame(f"message {number} came after {self.last}")
        self.last = number
        return True
