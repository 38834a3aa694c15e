"""One INVITE of the peer's, from its arrival to the ACK: the first of a dialog, or a re-INVITE.

RFC 3261 13.3 and 14.2, RFC 3262 (reliable provisional responses), RFC 4028 9 (session timer in the 2xx). Repeating a
2xx until its ACK is the transaction's work; what a lost ACK or a CANCEL means for the leg is the leg's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.sip.effects import TransactionId
from pbx.sip.message import Request
from pbx.sip.offer_answer import Carrier, Meaning, Turn
from pbx.sip.reliable import ReliableResponses, Wish, wish_of
from pbx.sip.session_timer import answer as answer_timer
from pbx.transport.abilities import ALLOW, SUPPORTED
from pbx.transport.bodies import sdp_of
from pbx.transport.timer_queue import Timer

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

Headers = tuple[tuple[str, str], ...]


class ServerInvite:
    """Answers one INVITE. `final`: a final response has been sent; `confirmed`: and its ACK is here."""

    __slots__ = (
        "_acked",
        "_leg",
        "_pracked",
        "_reliable",
        "_repeat",
        "confirmed",
        "final",
        "first",
        "prack_sdp",
        "request",
        "transaction",
    )

    def __init__(self, leg: SipLeg, transaction: TransactionId, request: Request, *, first: bool) -> None:
        self.transaction = transaction
        self.request = request
        self.first = first
        self.final = False
        self.confirmed = False
        self.prack_sdp: bytes | None = None
        self._leg = leg
        self._acked: asyncio.Future[bytes | None] | None = None
        self._pracked: asyncio.Future[None] | None = None
        self._repeat: Timer | None = None
        self._reliable: ReliableResponses | None = None
        if first and wish_of(request) is Wish.REQUIRED:
            first_rseq = 1 + int(leg.host.random() * 0x7FFF_0000)
            timers = leg.host.driver.endpoint.timers
            self._reliable = ReliableResponses(request, first_rseq=first_rseq, timers=timers)

    # -- provisional responses -------------------------------------------------------------------------------------

    def progress(self, status: int, sdp: bytes | None) -> None:
        """Send a 101–199; reliably when the caller insists on it."""
        if self.final:
            return
        exchange = self._leg.exchange
        if self._reliable is None:
            # An offer may not travel where it can be lost; a preview of the answer may.
            if sdp is not None and exchange.turn is not Turn.THEIRS:
                sdp = None
            exchange.sent(Carrier.PROVISIONAL, sdp=sdp is not None)
            self._respond(status, sdp)
            return
        if exchange.turn is Turn.OURS or exchange.answered_within_invite:
            sdp = None
        if sdp is None and exchange.turn is Turn.STABLE and not exchange.answered_within_invite:
            # The first reliable response to an INVITE without offer has to carry ours (RFC 3262 5); there is none.
            return
        exchange.sent(Carrier.RELIABLE, sdp=sdp is not None)
        if sdp is not None:
            self._leg.local_sdp = sdp
        response = self._leg.response(self.request, status, body=sdp)
        ready = self._reliable.send(response, self._leg.host.clock.monotonic())
        if ready is not None:
            self._leg.host.driver.respond(self.transaction, ready)
        self._schedule_repeat()

    def prack(self, request: Request) -> None:
        """The PRACK of a reliable response. Raises `PeerError` 481 or 400 for one that fits nothing."""
        if self._reliable is None:
            raise PeerError(481, "No Such Provisional Response")
        following = self._reliable.acknowledge(request, self._leg.host.clock.monotonic())
        sdp = sdp_of(request)
        if sdp is not None and self._leg.exchange.turn is Turn.OURS:
            self._leg.exchange.received(Carrier.PRACK, sdp=True)
            self.prack_sdp = self._leg.remote_sdp = sdp
        if following is not None:
            self._leg.host.driver.respond(self.transaction, following)
        self._schedule_repeat()
        if self._reliable.may_accept and self._pracked is not None and not self._pracked.done():
            self._pracked.set_result(None)

    def _schedule_repeat(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None
        next_at = self._reliable.next_at if self._reliable is not None else None
        if next_at is not None and not self.final:
            self._repeat = self._leg.host.driver.timers.call_at(next_at, self._repeat_due)

    def _repeat_due(self) -> None:
        self._repeat = None
        if self._reliable is None or self.final:
            return
        try:
            again = self._reliable.due(self._leg.host.clock.monotonic())
        except PeerError as error:
            self._leg.give_up(error.sip_status, error.reason, error.headers)
            return
        if again is not None:
            self._leg.host.driver.respond(self.transaction, again)
        self._schedule_repeat()

    # -- final responses -------------------------------------------------------------------------------------------

    async def accept(self, sdp: bytes | None) -> bytes | None:
        """200 OK; returns when the ACK is here, with its SDP (or that of the PRACK). Raises `LegFailed`."""
        while self._reliable is not None and not self._reliable.may_accept:
            self._pracked = asyncio.get_running_loop().create_future()
            await self._leg.until(self._pracked)
        if self.final:
            raise PeerError(487, "Request Terminated")
        self._acked = asyncio.get_running_loop().create_future()
        self.send_ok(sdp)
        return await self._leg.until(self._acked)

    def send_ok(self, sdp: bytes | None) -> None:
        """200 OK to the INVITE, without waiting for the ACK."""
        leg = self._leg
        timer, headers = answer_timer(self.request, leg.host.settings.session)
        self._finish()
        if leg.exchange.sent(Carrier.ACCEPTED, sdp=sdp is not None) is Meaning.NOTHING:
            sdp = None  # the answer went ahead in a reliable response
        else:
            leg.local_sdp = sdp
        leg.remote_sdp = sdp_of(self.request) or leg.remote_sdp
        ours = (("Allow", ALLOW), ("Supported", SUPPORTED), ("Server", leg.host.settings.user_agent))
        self._respond(200, sdp, (*ours, *headers))
        leg.refresh.agreed(timer)

    def refuse(self, status: int, reason: str | None = None, headers: Headers = ()) -> None:
        """A final refusal, unless a final response has been sent."""
        if self.final:
            return
        self._finish()
        self._leg.exchange.refused(Carrier.INVITE)
        response = self._leg.response(self.request, status, reason, headers=headers)
        self._leg.host.driver.respond(self.transaction, response)

    def _finish(self) -> None:
        self.final = True
        if self._reliable is not None:
            self._reliable.stop()
        self._schedule_repeat()

    def _respond(self, status: int, sdp: bytes | None, headers: Headers = ()) -> None:
        response = self._leg.response(self.request, status, headers=headers, body=sdp)
        self._leg.host.driver.respond(self.transaction, response)

    # -- what the driver tells -------------------------------------------------------------------------------------

    def acked(self, request: Request) -> None:
        """The ACK of our 2xx."""
        self.confirmed = True
        sdp = sdp_of(request)
        if self._leg.exchange.received(Carrier.ACK, sdp=sdp is not None) is Meaning.ANSWER:
            self._leg.remote_sdp = sdp
        else:
            sdp = self.prack_sdp
        if self._acked is not None and not self._acked.done():
            self._acked.set_result(sdp)
        self._leg.invite_confirmed(self)

    def cancelled(self, request: Request) -> None:
        """CANCEL, which has its 200 already. After a final response it has no effect."""
        if not self.final:
            self.refuse(487)
            self._leg.invite_cancelled(self, request)

    def ack_missing(self) -> None:
        self._leg.ack_missing()

    def undeliverable(self) -> None:
        """The caller's address refuses our responses."""
        if not self.final:
            self._finish()
            self._leg.invite_undeliverable(self)
