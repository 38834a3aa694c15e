"""Handing one message to the carrier: what is asked for, and what can come of it.

    Accepted   Twilio has it, and will call the status address
    Refused    Twilio does not have it; `again` tells whether the same message may be tried later
    Unknown    it may have it or not: the answer was lost. Never sent again by itself; see edge.texts.outbox

Campaigns and texts send through the same `Sender`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["FAULT", "Accepted", "Outcome", "Outgoing", "Refused", "Seen", "Sender", "SendingError", "Unknown"]


FAULT = 20500
"""Twilio's number for a fault of its own."""


class SendingError(Exception):
    """The carrier cannot be asked now; the text says why."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """`id` is ours, and rides in the status-callback address. `media` are addresses that the carrier can fetch."""

    id: str
    office: str
    ours: str
    theirs: str
    body: str
    media: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Accepted:
    sid: str
    segments: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is Twilio's number of the error, 0 where there is none."""

    code: int
    reason: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Unknown:
    """`code` is FAULT where the carrier did answer, with a fault of its own: nothing of this is under way any more."""

    reason: str
    code: int = 0


Outcome = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class Seen:
    """A message as the carrier lists it. `status` is Twilio's word; `at_ms` is when it was made there."""

    sid: str
    body: str
    status: str
    code: int
    at_ms: int


class Sender(Protocol):
    async def send(self, message: Outgoing) -> Outcome:
        """Hand it over. Does not raise for what the carrier or the network does."""
        ...

    async def seen(self, ours: str, theirs: str, *, since_ms: int) -> Sequence[Seen]:
        """What the carrier has of this pair from then on, oldest first. Raises `SendingError`."""
        ...
