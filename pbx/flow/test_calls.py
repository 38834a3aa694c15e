"""Calls into a flow that is being drawn: what can be dialled once, within a minute, and leads into that state of it.

Such a call is a real one: phones ring, mail is sent, and the history has it, marked as a test. Other flows that it goes
on to are those that are live.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from pbx.core.errors import UserError
from pbx.core.ids import token

if TYPE_CHECKING:
    from pbx.core.clock import Clock
    from pbx.flow.document import LoadedFlow

__all__ = ["TestCalls", "Ticket"]

GOOD_FOR_S = 60.0
MOST = 100
PREFIX = "flow-test-"
"""No number of an office begins so."""


class Ticket(msgspec.Struct, frozen=True):
    """What is dialled, and until when."""

    dial: str
    expires_at: datetime
    flow: LoadedFlow


class TestCalls:
    """Those that were asked for, and have not come yet."""

    __test__ = False

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[str, Ticket] = {}

    def make(self, flow: LoadedFlow) -> Ticket:
        """Raises `UserError` 429 when too many wait to be dialled."""
        now = self._clock.now()
        self._waiting = {dial: each for dial, each in self._waiting.items() if each.expires_at > now}
        if len(self._waiting) >= MOST:
            raise UserError(
                f"{MOST} calls into flows wait to be dialled", http_status=429, action="Try again in a minute"
            )
        made = Ticket(PREFIX + token(12), now + timedelta(seconds=GOOD_FOR_S), flow)
        self._waiting[made.dial] = made
        return made

    def has(self, dialled: str) -> bool:
        found = self._waiting.get(dialled)
        return found is not None and found.expires_at > self._clock.now()

    def take(self, dialled: str) -> LoadedFlow | None:
        """The flow that this call is to walk; it can be dialled no more."""
        there = self.has(dialled)
        found = self._waiting.pop(dialled, None)
        return found.flow if found is not None and there else None
