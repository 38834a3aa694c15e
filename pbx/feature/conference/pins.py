"""PINs: who is let in as what, and for how long somebody who guesses is not even asked."""

from __future__ import annotations

import hmac
from collections import deque
from typing import Literal

from pbx.core.clock import Clock
from pbx.model.conference import ConferenceWrite

__all__ = ["Guesses", "Role", "role_of"]

Role = Literal["", "member", "moderator"]

MOST_WRONG = 9
"""In `FORGOTTEN_S`: three calls with three tries each."""
FORGOTTEN_S = 600.0
MOST_CALLERS = 1000


def role_of(record: ConferenceWrite, pin: str) -> Role:
    """What a PIN makes of somebody; "" is a PIN too, where none is needed. "" for a wrong one."""
    if record.moderator_pin and hmac.compare_digest(pin, record.moderator_pin):
        return "moderator"
    return "member" if hmac.compare_digest(pin, record.pin or "") else ""


class Guesses:
    """Wrong PINs by conference and caller. Callers who show no number are one caller."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[tuple[str, str], deque[float]] = {}

    def too_many(self, conference: str, caller: str) -> bool:
        times = self._wrong.get((conference, caller))
        while times and times[0] < self._clock.monotonic() - FORGOTTEN_S:
            times.popleft()
        return times is not None and len(times) >= MOST_WRONG

    def wrong(self, conference: str, caller: str) -> None:
        times = self._wrong.pop((conference, caller), None) or deque(maxlen=MOST_WRONG)
        times.append(self._clock.monotonic())
        self._wrong[conference, caller] = times
        if len(self._wrong) > MOST_CALLERS:  # whoever guessed longest ago
            del self._wrong[next(iter(self._wrong))]

    def right(self, conference: str, caller: str) -> None:
        self._wrong.pop((conference, caller), None)
