"""What the pure core asks the driver to do, in the order it has to be done.

Effects are values: the core returns them, `pbx.transport.driver` performs them, tests read them.
"""

from __future__ import annotations

import msgspec

from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response

TransactionId = tuple[str, ...]
"""Opaque and hashable. Client and server transactions never share an id."""

TimerKey = tuple[TransactionId, str]
"""A transaction and the letter of its timer (RFC 3261 table 4)."""


class Transmit(msgspec.Struct, gc=False):
    """Send these bytes. A hop with a connection goes over that connection while it is open."""

    data: bytes
    hop: Hop


class SetTimer(msgspec.Struct, gc=False):
    """Call `Endpoint.timer(key, now)` at `at` (monotonic seconds). Replaces a timer of the same key."""

    key: TimerKey
    at: float


class ClearTimer(msgspec.Struct, gc=False):
    """Forget the timer; nothing happens when there is none."""

    key: TimerKey


class DeliverRequest(msgspec.Struct, gc=False):
    """A new request: answer it with `Endpoint.respond(transaction, …)`. Never ACK or CANCEL."""

    transaction: TransactionId
    request: Request
    hop: Hop


class DeliverAck(msgspec.Struct, gc=False):
    """The ACK to our 2xx; `transaction` is the INVITE it acknowledges. Delivered once."""

    request: Request
    hop: Hop
    transaction: TransactionId


class DeliverCancel(msgspec.Struct, gc=False):
    """The peer cancels this INVITE, and has its 200 OK already. Answer the INVITE with 487.

    `request` is the CANCEL, for its Reason header (RFC 3326).
    """

    transaction: TransactionId
    request: Request


class DeliverResponse(msgspec.Struct, gc=False):
    """A response to our request. A 2xx to INVITE comes once per To tag; answer each with `Endpoint.ack`."""

    transaction: TransactionId
    response: Response
    hop: Hop


class TransactionFailed(msgspec.Struct, gc=False):
    """No final response will come (`timeout`: treat as 408), or the hop refuses our bytes (`transport`: as 503)."""

    transaction: TransactionId
    reason: str


class AckMissing(msgspec.Struct, gc=False):
    """Our 2xx was sent for 64·T1 and never acknowledged: end the dialog with BYE (RFC 3261 13.3.1.4)."""

    transaction: TransactionId


class Terminated(msgspec.Struct, gc=False):
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
