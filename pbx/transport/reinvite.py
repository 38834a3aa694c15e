"""A re-INVITE of ours: new SDP, a refresh of the session, or the question whether anybody is there.

RFC 3261 14.1. Driven by callbacks, so that the ACK is sent also when the call that asked has been cancelled. After 491
it waits and tries again; while it waits, the peer's own re-INVITE may go through.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.model.leg_event import LegCause, Reanswered
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.offer_answer import Carrier, Meaning
from pbx.sip.session_timer import SessionOffer
from pbx.transport.abilities import ALLOW, SDP
from pbx.transport.bodies import sdp_of
from pbx.transport.proof import ASKS_WHO, Proof, credentials_of
from pbx.transport.timer_queue import Timer
from pbx.transport.transaction_users import Outgoing

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

MAX_TRIES = 6
BUSY_RETRY_S = 0.25
"""How often to look again while the peer's own INVITE is being answered."""

MAX_RETRY_AFTER_S = 10.0
GONE = (408, 481)


class Reinvite:
    """One re-INVITE, with its repetitions after 491 and 422. `result` gets the SDP of the 2xx, or `PeerError`."""

    __slots__ = (
        "_leg",
        "_offer",
        "_outgoing",
        "_proof",
        "_repeats",
        "_request",
        "_session",
        "_shown",
        "_timer",
        "_tries",
        "ack_owed",
        "cause_if_lost",
        "result",
    )

    def __init__(
        self, leg: SipLeg, offer: bytes | None, *, cause_if_lost: LegCause, repeats: bool = False
    ) -> None:
        """`repeats`: the offer is what we said last, and nobody waits for the answer but to hear that there is one."""
        self.ack_owed = False
        self.cause_if_lost = cause_if_lost
        self.result: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._leg = leg
        self._offer = offer
        self._repeats = repeats
        self._session = SessionOffer.within(leg.host.settings.session, leg.refresh.timer)
        self._request: Request | None = None
        self._outgoing: Outgoing | None = None
        self._proof = Proof(leg.credentials)
        self._shown: tuple[tuple[str, str], ...] = ()
        self._tries = 0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Send it now, or as soon as no other INVITE and no other offer is in progress."""
        self._timer = None
        leg = self._leg
        if leg.is_over:
            return
        if self.result.cancelled():  # whoever asked has gone; an offer nobody waits for is not made
            leg.reinvite_done(self)
            return
        if not leg.exchange.may_invite or leg.unconfirmed:
            self._try_in(BUSY_RETRY_S)
            return
        self._tries += 1
        headers = (
            ("Allow", ALLOW),
            ("Supported", "timer"),
            *leg.identity,
            *self._session.headers(),
            *self._shown,
        )
        if self._offer:
            headers = (*headers, ("Content-Type", SDP))
        request = leg.agreed_dialog.request("INVITE", body=self._offer or b"", headers=headers)
        leg.exchange.sent(Carrier.INVITE, sdp=self._offer is not None)
        self._request = request
        self._outgoing = leg.host.driver.request(request, leg.whereabouts.of(leg.agreed_dialog), self)

    def stop(self) -> None:
        """The leg is over: nothing is tried again. A response on its way is still acknowledged."""
        if self._timer is not None:
            self._timer.cancel()
        if not self.result.done():
            self.result.cancel()

    def answer(self, sdp: bytes | None) -> None:
        """Our answer to the offer in the 2xx, carried by the ACK."""
        self.ack_owed = False
        self._leg.local_sdp = sdp
        self._leg.exchange.sent(Carrier.ACK, sdp=sdp is not None)
        self._acknowledge(sdp)
        self._leg.reinvite_done(self)

    # -- responses -------------------------------------------------------------------------------------------------

    def responded(self, response: Response, hop: Hop) -> None:
        status = response.status
        if status < 200:
            return
        if status < 300:
            self._accepted(response, hop)
            return
        leg = self._leg
        leg.exchange.refused(Carrier.INVITE)
        if leg.is_over:
            return
        if status in GONE:
            leg.lost(status, self.cause_if_lost)
        elif not self._try_again(response):
            self._done(PeerError(status, response.reason))

    def failed(self, status: int) -> None:
        self._leg.exchange.refused(Carrier.INVITE)
        self._leg.lost(status, self.cause_if_lost)

    def _accepted(self, response: Response, hop: Hop) -> None:
        leg = self._leg
        leg.whereabouts.heard_from(hop)
        try:
            leg.agreed_dialog.refresh_target(response)
        except ParseError:
            leg.host.count("bad_contact")
        sdp = sdp_of(response)
        meaning = leg.exchange.received(Carrier.ACCEPTED, sdp=sdp is not None)
        if meaning is Meaning.OFFER and not leg.is_over:
            self.ack_owed = True
        else:
            self._acknowledge(None)
        if leg.is_over:
            return
        if self._offer is not None:
            leg.local_sdp = self._offer
        if self._repeats and self._offer is not None and sdp is not None and sdp != leg.remote_sdp:
            leg.inbox.put(Reanswered(self._offer, sdp))
        leg.remote_sdp = sdp or leg.remote_sdp
        leg.refresh.agreed(self._session.accepted(response))
        self._done(sdp)

    def _acknowledge(self, sdp: bytes | None) -> None:
        if self._outgoing is None or self._request is None:
            return
        dialog = self._leg.agreed_dialog
        headers = (*credentials_of(self._request), *((("Content-Type", SDP),) if sdp else ()))
        ack = dialog.ack(self._request.cseq.number, body=sdp or b"", headers=headers)
        self._leg.host.driver.ack(self._outgoing, ack, self._leg.whereabouts.of(dialog))

    def _try_again(self, response: Response) -> bool:
        """Whether the refusal only means "not now", or told what was missing; then it has gone out again, or will."""
        if self._tries >= MAX_TRIES:
            return False
        if response.status in ASKS_WHO or response.status == 422:
            return self._told_more(response)
        if response.status == 491:
            self._try_in(self._leg.exchange.retry_delay_s(self._leg.host.random()))
            return True
        if response.status == 500:
            text = (response.headers.get("Retry-After") or "").split(";")[0].split("(")[0].strip()
            if text.isascii() and text.isdigit() and int(text[:6]) <= MAX_RETRY_AFTER_S:
                self._try_in(float(text))
                return True
        return False

    def _told_more(self, response: Response) -> bool:
        """Ask again with credentials, or with the interval that the peer wants."""
        if response.status == 422:
            try:
                self._session = self._session.after_422(response)
            except PeerError:
                return False
        else:
            proof = self._proof.header(response, self._request) if self._request is not None else None
            if proof is None:
                return False
            self._shown = (proof,)
        self.start()
        return True

    def _try_in(self, delay_s: float) -> None:
        self._timer = self._leg.host.driver.timers.call_later(delay_s, self.start)

    def _done(self, outcome: bytes | PeerError | None) -> None:
        if not self.ack_owed:
            self._leg.reinvite_done(self)
        if self.result.done():
            return
        if isinstance(outcome, PeerError):
            self.result.set_exception(outcome)
            self.result.exception()  # nobody need be waiting: a refresh has no caller
        else:
            self.result.set_result(outcome)
