"""What the machine can give no more of, and what a new call is answered then: 503 with Retry-After, before any work.

Calls that go on are left alone. Calls for help are always taken: the last audio ports are theirs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import msgspec

from pbx.core.errors import PeerError

__all__ = ["Ceilings", "Reading"]

log = logging.getLogger(__name__)

PORTS_OF_A_CALL = 2
PORTS_FOR_HELP = 4
"""Pairs that only calls for help get, of a range that has many more."""
MANY_PORTS = 40
FILES_OF_A_CALL = 6
"""Two pairs of sockets, and two for files and connections of a recorded one."""
FILES_KEPT = 64
"""For the database, the log, the pages and whoever wants to look what is the matter."""
RETRY_AFTER_S = 5
TOLD_S = 3600.0
WORDS = {
    "ports": (
        "No Audio Port Free",
        "no RTP port is free, calls are refused: widen --rtp-port-min/--rtp-port-max",
    ),
    "files": (
        "Too Many Open Files",
        "too many files are open, calls are refused: raise LimitNOFILE or ulimit -n",
    ),
    "memory": ("Out Of Memory", "the memory limit is reached, calls are refused: see --memory-limit-mb"),
}


class Reading(msgspec.Struct, frozen=True):
    """What the process uses; limits are None where there is none."""

    files: int = 0
    files_limit: int | None = None
    memory_bytes: int = 0
    memory_limit: int | None = None


class Ceilings:
    """`ports_free` counts pairs of audio ports of `ports`; `look` is called about once a second by who keeps it."""

    def __init__(
        self,
        *,
        ports: int,
        ports_free: Callable[[], int],
        look: Callable[[], Reading],
        monotonic: Callable[[], float],
    ) -> None:
        self.reading = Reading()
        self.refused = dict.fromkeys(("ports", "files", "memory"), 0)
        self._last: dict[str, float] = {}
        self._kept = PORTS_FOR_HELP if ports >= MANY_PORTS else 0
        self._ports_free = ports_free
        self._look = look
        self._monotonic = monotonic
        self._since = 0
        self._full = ""

    def look(self) -> None:
        self.reading, self._since = self._look(), 0

    def admit(self) -> None:
        """Raises `PeerError` 503 when another call could not be carried."""
        reached = self.reached()
        if reached:
            self.refused[reached] += 1
            self._last[reached] = self._monotonic()
            reason, words = WORDS[reached]
            if reached != self._full:
                log.error(words, extra={"uses": str(self.reading)})
            self._full = reached
            raise PeerError(503, reason, headers=(("Retry-After", str(RETRY_AFTER_S)),))
        self._full = ""
        self._since += 1

    def reached(self) -> str:
        """ "ports", "files", "memory" or "" when there is room."""
        now = self.reading
        if self._ports_free() < PORTS_OF_A_CALL + self._kept:
            return "ports"
        wanted = (self._since + 1) * FILES_OF_A_CALL + FILES_KEPT
        if now.files_limit is not None and now.files + wanted > now.files_limit:
            return "files"
        if now.memory_limit is not None and now.memory_bytes > now.memory_limit:
            return "memory"
        return ""

    def lately(self) -> list[str]:
        """For want of what calls were refused within the last hour."""
        now = self._monotonic()
        return [what for what, at in self._last.items() if now - at < TOLD_S]
