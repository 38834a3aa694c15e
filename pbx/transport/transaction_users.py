"""Who is told what comes of a transaction, and the handle on one of ours.

The driver keeps one of these for each transaction somebody waits for. The callbacks run on the event loop, must not
block, and may send and answer requests themselves.
"""

from __future__ import annotations

from typing import Protocol

from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response


class RequestUser(Protocol):
    """Who is told about new requests: the agent."""

    def requested(self, transaction: TransactionId, request: Request, hop: Hop) -> None: ...


class ClientUser(Protocol):
    """Who waits for the responses to one request."""

    def responded(self, response: Response, hop: Hop) -> None:
        """A provisional or final response; 2xx to INVITE once for each fork that accepts."""
        ...

    def failed(self, status: int) -> None:
        """No response will come: 408 (silence) or 503 (the transport refuses)."""
        ...


class Nobody:
    """Stands for the user of a request whose answer changes nothing: a last BYE, a PRACK."""

    def responded(self, response: Response, hop: Hop) -> None: ...

    def failed(self, status: int) -> None: ...


NOBODY = Nobody()


class ServerUser(Protocol):
    """Who answers one INVITE."""

    def acked(self, request: Request) -> None: ...

    def cancelled(self, request: Request) -> None: ...

    def ack_missing(self) -> None: ...

    def undeliverable(self) -> None:
        """Nothing reaches the peer any more, and the INVITE has no final response yet."""
        ...


class Outgoing:
    """Our handle on one client transaction."""

    __slots__ = ("answered", "cancelled", "fallback", "hop", "id", "user")

    def __init__(self, user: ClientUser, hop: Hop) -> None:
        self.id: TransactionId = ()
        self.user = user
        self.hop = hop
        self.answered = False
        self.cancelled = False
        self.fallback: Request | None = None  # goes over UDP if TCP is refused
