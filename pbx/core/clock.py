"""Time as something that is handed in, so that tests own it."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from os import environ
from pathlib import Path
from typing import Protocol


class Clock(Protocol):
    """Two clocks: one for intervals, one for the wall."""

    def monotonic(self) -> float:
        """Seconds; never jumps, never goes back; its zero means nothing."""
        ...

    def now(self) -> datetime:
        """The wall clock, aware, UTC; may jump when the time is set."""
        ...


JUMP_S = 2.0
"""Less than this between two looks is the clock being steered, more is somebody setting it."""


class SystemClock:
    """The machine's clocks. `now` goes on evenly between two calls of `follow`, whatever is done to the machine's.

    So a jump comes at one moment, in which everything that compares times can take part: `on_jump` are told by how many
    seconds, before `now` shows the new time. A process that never calls `follow` counts from its start.
    """

    monotonic = staticmethod(time.monotonic)  # asked some fifty times in a call

    def __init__(self) -> None:
        self._zero = time.time() - time.monotonic()
        self.jumps = 0
        self.on_jump: list[Callable[[float], object]] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._zero + time.monotonic(), UTC)

    def follow(self) -> float:
        """Show the machine's time from now on; the seconds that it has jumped by, 0 when it has not."""
        zero = time.time() - time.monotonic()
        moved_s = zero - self._zero
        jumped_s = moved_s if abs(moved_s) >= JUMP_S else 0.0
        if jumped_s:
            self.jumps += 1
            for listener in self.on_jump:
                listener(jumped_s)
        self._zero = zero
        return jumped_s


def machine_zone() -> str:
    """The machine's time zone by name; "" where it has none."""
    if named := environ.get("TZ", "").lstrip(":"):
        return named
    link = Path("/etc/localtime")
    target = str(link.resolve()) if link.is_symlink() else ""
    return target.partition("/zoneinfo/")[2]
