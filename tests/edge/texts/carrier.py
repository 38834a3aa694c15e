"""A carrier in memory: it takes messages, loses answers, refuses, and remembers whom it has texted."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.clock import Clock
from edge.texts.sending import Accepted, Outcome, Outgoing, Refused, Seen, SendingError, Unknown


class Killed(BaseException):
    """The process is gone at this moment."""


@dataclass
class Carrier:
    """Implements `Sender`. `faults` happen one a message, in their order; then all goes well.

    lost: taken, and the answer is lost; gone: not taken, and nobody knows; busy: refused, again; bad: refused;
    stopped: refused with 21610; killed_before, killed_after: the process dies before or after it was taken.
    """

    clock: Clock
    faults: list[str] = field(default_factory=list)
    taken: list[tuple[Outgoing, Seen]] = field(default_factory=list)
    asked: list[Outgoing] = field(default_factory=list)
    lists: bool = True
    _sids: itertools.count[int] = field(default_factory=itertools.count)

    async def send(self, message: Outgoing) -> Outcome:
        self.asked.append(message)
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "killed_before":
            raise Killed
        if fault == "gone":
            return Unknown("no answer")
        if fault in {"busy", "bad", "stopped"}:
            return Refused(
                {"busy": 20429, "bad": 30005, "stopped": 21610}[fault], fault, again=fault == "busy"
            )
        sid = self._take(message)
        if fault == "killed_after":
            raise Killed
        return Unknown("no answer") if fault == "lost" else Accepted(sid, 1)

    async def seen(self, ours: str, theirs: str, *, since_ms: int) -> Sequence[Seen]:
        if not self.lists:
            raise SendingError("not now")
        return [
            seen
            for message, seen in self.taken
            if (message.ours, message.theirs) == (ours, theirs) and seen.at_ms >= since_ms
        ]

    def bodies(self) -> list[str]:
        return [message.body for message, _ in self.taken]

    def sid(self, id: str) -> str:
        return next(seen.sid for message, seen in self.taken if message.id == id)

    def _take(self, message: Outgoing) -> str:
        sid = f"SM{next(self._sids):032d}"
        self.taken.append((message, Seen(sid, message.body, "queued", 0, self.clock.now_ms())))
        return sid


def random_faults(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    kinds = ("", "", "", "lost", "gone", "busy", "bad", "killed_before", "killed_after")
    return [chance.choice(kinds) for _ in range(count)]
