"""What every part of a leg shares: its state, its waiting and its messages.

    EARLY ──2xx──▶ UP ──BYE, loss, expiry──▶ OVER       EARLY ──refusal, CANCEL──▶ OVER

OVER is what the call sees. The agent keeps the leg until nothing can arrive for it any more (`release`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import Enum
from typing import Any, TypeVar

from pbx.core.errors import PeerError
from pbx.model.leg_event import Ended, LegCause, LegFailed
from pbx.model.party import Credentials, Party
from pbx.sip.build import response_to
from pbx.sip.dialog import Dialog
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.offer_answer import Carrier, OfferAnswer
from pbx.transport.abilities import SDP, allows
from pbx.transport.bodies import sdp_of
from pbx.transport.identity import one_line, party_address
from pbx.transport.inbox import Inbox
from pbx.transport.invite_client import ClientInvite
from pbx.transport.invite_server import ServerInvite
from pbx.transport.leg_host import LegHost
from pbx.transport.refresh import SessionRefresh
from pbx.transport.reinvite import Reinvite
from pbx.transport.whereabouts import Whereabouts

T = TypeVar("T")
ExtraHeaders = tuple[tuple[str, str], ...]
PendingUpdate = tuple[TransactionId, Request, OfferAnswer]

MAX_FIRST_CSEQ = 10_000
MAX_DATAGRAM = 1300
"""Bytes that pass everywhere without being cut into fragments (RFC 3261 18.1.1)."""


class Phase(Enum):
    EARLY = "early"
    UP = "up"
    OVER = "over"


class LegCore:
    """The state of one leg. `id` is also our tag; `contact` our Contact value; `request` the INVITE."""

    __slots__ = (
        "__weakref__",
        "_futures",
        "_released",
        "call_id",
        "connected",
        "contact",
        "credentials",
        "dialog",
        "direction",
        "exchange",
        "host",
        "id",
        "inbox",
        "incoming",
        "initial",
        "local_sdp",
        "outgoing",
        "peer_updates",
        "pending_update",
        "phase",
        "refresh",
        "remote_sdp",
        "request",
        "whereabouts",
    )

    refresh: SessionRefresh

    def __init__(
        self,
        host: LegHost,
        *,
        leg_id: str,
        direction: str,
        request: Request,
        contact: str,
        whereabouts: Whereabouts,
    ) -> None:
        self.host = host
        self.id = leg_id
        self.direction = direction
        self.request = request
        self.call_id = request.call_id
        self.contact = contact
        self.connected: Party | None = None  # whom the peer talks with, where it may know
        self.credentials: Credentials | None = None  # what proves us, where the peer asks who we are
        self.whereabouts = whereabouts
        self.inbox = Inbox()
        self.phase = Phase.EARLY
        self.dialog: Dialog | None = None
        self.exchange = OfferAnswer(owner=direction == "out")
        self.initial: ServerInvite | ClientInvite | None = None
        self.incoming: ServerInvite | None = None  # a re-INVITE of the peer, until its ACK
        self.outgoing: Reinvite | None = None  # a re-INVITE of ours, until nothing more is to be done for it
        self.pending_update: PendingUpdate | None = None  # an UPDATE with an offer, until it is answered
        self.local_sdp: bytes | None = None
        self.remote_sdp: bytes | None = None
        self.peer_updates = False
        self._futures: set[asyncio.Future[Any]] | None = None
        self._released = False
        if direction == "in":
            self.remote_sdp = sdp_of(request)
            self.exchange.received(Carrier.INVITE, sdp=self.remote_sdp is not None)
            self.notice_abilities(request)

    def __repr__(self) -> str:
        return f"<SipLeg {self.id} {self.direction} {self.phase.value}>"

    @property
    def hop(self) -> Hop:
        """Where the peer is."""
        return self.whereabouts.hop

    @property
    def offer(self) -> bytes | None:
        """The SDP of the INVITE."""
        return sdp_of(self.request)

    @property
    def is_over(self) -> bool:
        return self.phase is Phase.OVER

    @property
    def unconfirmed(self) -> bool:
        """Whether an INVITE of the peer has our 2xx but we have not seen its ACK."""
        initial, incoming = self.initial, self.incoming
        return (isinstance(initial, ServerInvite) and initial.final and not initial.confirmed) or (
            incoming is not None and incoming.final and not incoming.confirmed
        )

    @property
    def agreed_dialog(self) -> Dialog:
        """The dialog. Raises `LegFailed` while there is none."""
        if self.dialog is None:
            raise LegFailed(LegCause.ERROR, 481, "No Dialog Yet")
        return self.dialog

    # -- waiting ---------------------------------------------------------------------------------------------------

    async def until(self, future: asyncio.Future[T]) -> T:
        """Wait for a callback's result; raises `LegFailed` when the leg ends first."""
        self.must_be_alive()
        futures = self._futures = self._futures if self._futures is not None else set()
        futures.add(future)
        try:
            return await future
        finally:
            futures.discard(future)

    def must_be_alive(self) -> None:
        """Raises `LegFailed` once the leg is over."""
        if self.is_over:
            raise self._failure()

    def _failure(self) -> LegFailed:
        ended = self.inbox.ended or Ended(LegCause.ERROR)
        return LegFailed(ended.cause, ended.status, ended.reason)

    def finish(self, event: Ended) -> None:
        """The leg is over for the call: wake whoever waits, stop every timer."""
        if self.is_over:
            return
        self.phase = Phase.OVER
        self.inbox.put(event)
        self.refresh.stop()
        for future in self._futures or ():
            if not future.done():
                future.set_exception(self._failure())
        if self.outgoing is not None:
            self.outgoing.stop()

    def release(self) -> None:
        """Nothing more is expected from the peer: the agent forgets the leg."""
        if not self._released:
            self._released = True
            if isinstance(self.initial, ClientInvite):
                self.initial.forget()
            self.initial = self.incoming = self.outgoing = None  # which know the leg: no circle outlives it
            self.host.released(self)

    # -- messages --------------------------------------------------------------------------------------------------

    @property
    def identity(self) -> ExtraHeaders:
        """Whom the peer talks with, for a message that may say so (RFC 3325 9.1, RFC 5876 3)."""
        if self.connected is None or not self.connected.number:
            return ()
        here = self.host.facing(self.hop).local_host
        return (("P-Asserted-Identity", party_address(self.connected, here)),)

    def response(
        self,
        request: Request,
        status: int,
        reason: str | None = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> Response:
        """A response with our tag; to INVITE and UPDATE with our Contact. The first one makes the dialog."""
        response = response_to(request, status, reason and one_line(reason), to_tag=self.id)
        if status < 300 and request.method in ("INVITE", "UPDATE"):
            response.headers.set("Contact", self.contact)
        for name, value in headers:
            response.headers.add(name, one_line(value))
        if body:
            response.headers.set("Content-Type", SDP)
            response.body = body
        if status < 300 and request.method in ("INVITE", "UPDATE"):
            self._name_party(response)
        if status < 300 and request is self.request:
            self._enter_dialog(response)
        return response

    def _name_party(self, response: Response) -> None:
        """Say in a response whom the peer talks with, unless it would need more than a datagram then."""
        for name, value in self.identity:
            response.headers.set(name, value)
            if self.hop.transport == "UDP" and len(response.encode()) > MAX_DATAGRAM:
                response.headers.remove(name)

    def reply(
        self,
        transaction: TransactionId,
        request: Request,
        status: int,
        reason: str | None = None,
        *,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes | None = None,
    ) -> None:
        """Answer a request of the peer."""
        response = self.response(request, status, reason, headers=headers, body=body)
        self.host.driver.respond(transaction, response)

    def _enter_dialog(self, response: Response) -> None:
        if self.dialog is None:
            first_cseq = int(self.host.random() * MAX_FIRST_CSEQ)
            self.dialog = Dialog.uas(self.request, response, local_cseq=first_cseq)
        if response.status >= 200:
            self.dialog.confirmed = True
            self.phase = Phase.UP

    def dialog_with(self, remote_tag: str) -> tuple[Dialog, OfferAnswer]:
        """The dialog of this leg whose peer has that tag. Raises `PeerError` 481."""
        if self.dialog is not None:
            if self.dialog.remote_tag == remote_tag:
                return self.dialog, self.exchange
        elif isinstance(self.initial, ClientInvite):
            fork = self.initial.forks.get(remote_tag)
            if fork is not None:
                return fork.dialog, fork.exchange
        raise PeerError(481, "Call/Transaction Does Not Exist")

    def notice_abilities(self, message: Request | Response) -> None:
        """Remember whether the peer takes UPDATE."""
        allowed = allows(message.headers, "UPDATE")
        if allowed is not None:
            self.peer_updates = allowed
