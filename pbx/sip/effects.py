"""What the pure core asks the driver to do, in the order it has to be done.

Effects are values: the core returns them, `pbx.transport.driver` performs them, tests read them.
"""

from __future__ import annotations

from dataclasses import dataclass

from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response

TransactionId = tuple[str, ...]
"""Opaque and hashable. Client and server transactions never share an id."""

TimerKey = tuple[TransactionId, str]
"""A transaction and the letter of its timer (RFC 3261 table 4)."""


@dataclass(slots=True)
class Transmit:
    """Send these bytes. A hop with a connection goes over that connection while it is open."""

    data: bytes
    hop: Hop


@dataclass(slots=True)
class SetTimer:
    """Call `Endpoint.timer(key, now)` at `at` (monotonic seconds). Replaces a timer of the same key."""

    key: TimerKey
    at: float


@dataclass(slots=True)
class ClearTimer:
    """Forget the timer; nothing happens when there is none."""

    key: TimerKey


@dataclass(slots=True)
class DeliverRequest:
    """A new request: answer it with `Endpoint.respond(transaction, …)`. Never ACK or CANCEL."""

    transaction: TransactionId
    request: Request
    hop: Hop


@dataclass(slots=True)
class DeliverAck:
    """The ACK to our 2xx; `transaction` is the INVITE it acknowledges. Delivered once."""

    request: Request
    hop: Hop
    transaction: TransactionId


@dataclass(slots=True)
class DeliverCancel:
    """The peer cancels this INVITE, and has its 200 OK already. Answer the INVITE with 487.

    `request` is the CANCEL, for its Reason header (RFC 3326).
    """

    transaction: TransactionId
    request: Request


@dataclass(slots=True)
class DeliverResponse:
    """A response to our request. A 2xx to INVITE comes once per To tag; answer each with `Endpoint.ack`."""

    transaction: TransactionId
    response: Response
    hop: Hop


@dataclass(slots=True)
class TransactionFailed:
    """No final response will come (`timeout`: treat as 408), or the hop refuses our bytes (`transport`: as 503)."""

    transaction: TransactionId
    reason: str


@dataclass(slots=True)
class AckMissing:
    """Our 2xx was sent for 64·T1 and never acknowledged: end the dialog with BYE (RFC 3261 13.3.1.4)."""

    transaction: TransactionId


@dataclass(slots=True)
class Terminated:
    """The transaction is gone and its id means nothing any more. The last effect that names it."""

    transaction: TransactionId


Effect = (
    Transmit
    | SetTimer
    | ClearTimer
    | DeliverRequest
    | DeliverAck
    | DeliverCancel
    | DeliverResponse
    | TransactionFailed
    | AckMissing
    | Terminated
)
