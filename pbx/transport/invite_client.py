"""The INVITE that starts an outgoing leg, and every phone that answers it.

RFC 3261 13.2, 9.1; RFC 3262 4 (PRACK); RFC 4028 7.3 (422). One INVITE may reach several phones behind a forking proxy:
each To tag is an early dialog of its own, the first 2xx is the leg, and any later one is acknowledged and ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status
from pbx.model.leg_event import Answered, Ended, LegCause, Progress, Refused
from pbx.sip.dialog import Dialog
from pbx.sip.errors import ParseError
from pbx.sip.headers import Headers
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.offer_answer import Carrier, Meaning, OfferAnswer
from pbx.sip.reliable import Receipt, ReliableReceiver, rack_for
from pbx.sip.session_timer import SessionOffer
from pbx.sip.status import reason_of
from pbx.transport.abilities import SDP
from pbx.transport.bodies import sdp_of
from pbx.transport.dialling import user_of
from pbx.transport.failover import Attempt
from pbx.transport.identity import contact
from pbx.transport.proof import ASKS_WHO, Proof, credentials_of, send_in_dialog
from pbx.transport.reason import reason_headers
from pbx.transport.transaction_users import NOBODY, Outgoing

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg

MAX_FORKS = 16
MAX_CONTACTS = 16


class Fork(msgspec.Struct):
    """One phone that rings: its early dialog, its offer/answer state, what it has said so far."""

    dialog: Dialog
    exchange: OfferAnswer
    sdp: bytes | None = None
    prack_owed: Response | None = None  # its offer waits for our answer, which the PRACK will carry


class ClientInvite:
    """Our INVITE. `won` is set by the first 2xx; `ack_owed` while its offer waits for our answer."""

    __slots__ = (
        "_attempt",
        "_leg",
        "_offer",
        "_outgoing",
        "_patient",
        "_proof",
        "_receiver",
        "_session",
        "ack_owed",
        "answered",
        "forks",
        "given_up",
        "hops",
        "request",
    )

    def __init__(
        self,
        leg: SipLeg,
        request: Request,
        *,
        session: SessionOffer,
        patient: bool = True,
    ) -> None:
        self.request = request
        self.forks: dict[str, Fork] = {}
        self.answered = False
        self.ack_owed = False
        self.given_up: LegCause | None = None
        self.hops: list[Hop] = []
        self._leg = leg
        self._proof = Proof(leg.credentials)
        self._offer = bool(request.body)
        self._outgoing: Outgoing | None = None
        self._attempt: Attempt | None = None
        self._patient = patient
        self._receiver = ReliableReceiver()
        self._session = session

    # -- sending ---------------------------------------------------------------------------------------------------

    def send(self, hops: list[Hop]) -> None:
        """Send the INVITE to the first hop; the others are tried in turn while nothing has answered."""
        if self.given_up is not None:
            self._leg.release()
            return
        self.hops = hops[1:]
        self._leg.whereabouts.hop = hops[0]
        host = self._leg.host
        self._attempt = attempt = Attempt(host, hops[0])
        outgoing = host.driver.request(self.request, host.facing(hops[0]), self)
        if attempt is self._attempt:  # else the hop has failed already, and the next one is being tried
            self._outgoing = outgoing
            if self.hops and not self.answered:
                attempt.watch(outgoing, self._next_hop)
            elif not self._patient and not self.answered:
                attempt.watch(outgoing, self._given_no_word)

    def take_back(self, hop: Hop, cause: LegCause) -> None:
        """Cancel what an earlier process has sent: once more the INVITE, whose answer allows the CANCEL."""
        self._attempt = Attempt(self._leg.host, hop)
        self._outgoing = self._leg.host.driver.request_again(self.request, hop, self)
        self.give_up(cause)

    def _given_no_word(self) -> None:
        """Nobody there has said a word, and whoever dials has another way."""
        self._attempt = self._outgoing = None
        self.failed(408)

    def _next_hop(self) -> None:
        """The same INVITE over the next hop, with a Contact that can be reached from there."""
        hop = self._leg.host.facing(self.hops[0])
        self._leg.contact = contact(user_of(self._leg.contact.strip("<>")), hop)
        headers = self.request.headers.copy()
        headers.set("Contact", self._leg.contact)
        self._proof = Proof(self._leg.credentials)  # another server asks for itself
        self.request = self._leg.request = Request("INVITE", self.request.uri, headers, self.request.body)
        self.send(self.hops)

    def forget(self) -> None:
        """The leg is released: what sent the INVITE and this need not know each other."""
        self._outgoing = self._attempt = None

    def give_up(self, cause: LegCause) -> None:
        """CANCEL, as soon as RFC 3261 9.1 allows; a 2xx that crosses it is acknowledged and ended."""
        self.given_up = cause
        if self._outgoing is not None:
            self._leg.host.driver.cancel(self._outgoing, reason_headers(cause))

    def answer(self, sdp: bytes | None) -> bool:
        """Our answer to an offer of the phone, in the ACK or in a PRACK; False when no such offer waits."""
        if self.ack_owed:
            self.ack_owed = False
            self._leg.local_sdp = sdp
            self._leg.exchange.sent(Carrier.ACK, sdp=sdp is not None)
            self._acknowledge(self._leg.agreed_dialog, sdp)
            return True
        for fork in self.forks.values():
            if fork.prack_owed is not None:
                response, fork.prack_owed = fork.prack_owed, None
                fork.exchange.sent(Carrier.PRACK, sdp=sdp is not None)
                self._leg.local_sdp = sdp
                self._prack(fork, response, sdp)
                return True
        return False

    def _acknowledge(self, dialog: Dialog, sdp: bytes | None = None) -> None:
        if self._outgoing is None:
            return
        headers = (*credentials_of(self.request), *_typed(sdp))
        ack = dialog.ack(self.request.cseq.number, body=sdp or b"", headers=headers)
        self._leg.host.driver.ack(self._outgoing, ack, self._leg.whereabouts.of(dialog))

    def _prack(self, fork: Fork, response: Response, sdp: bytes | None) -> None:
        headers = (("RAck", rack_for(response)), *_typed(sdp))
        prack = fork.dialog.request("PRACK", body=sdp or b"", headers=headers)
        send_in_dialog(self._leg, fork.dialog, prack, NOBODY)

    # -- responses -------------------------------------------------------------------------------------------------

    def responded(self, response: Response, hop: Hop) -> None:
        status = response.status
        if self._attempt is not None:
            self._attempt.heard(status)
        if status >= 300:
            self._refused(response)
            return
        if status == 100:
            return
        self._leg.whereabouts.heard_from(hop)
        try:
            if status < 200:
                self._provisional(response)
            else:
                self._accepted(response)
        except (ParseError, PeerError) as error:
            # Without a readable To, Contact or Record-Route there is no dialog; a 2xx will be repeated in vain.
            self._leg.host.count("bad_invite_response")
            if status >= 200 and not self.answered:
                self._fail(502, f"Bad Response: {error}")

    def _provisional(self, response: Response) -> None:
        if self.given_up is not None or self.answered:
            return
        if not response.to_tag:
            self._leg.inbox.put(Progress(response.status))
            return
        receipt = self._receiver.receive(response)
        if receipt in (Receipt.REPEATED, Receipt.OUT_OF_ORDER):
            return
        fork = self._fork(response)
        if fork is None:
            return
        sdp = sdp_of(response)
        reliable = receipt is Receipt.NEW
        carrier = Carrier.RELIABLE if reliable else Carrier.PROVISIONAL
        meaning = fork.exchange.received(carrier, sdp=sdp is not None)
        if meaning is Meaning.NOTHING:
            sdp = None
        fork.sdp = sdp or fork.sdp
        if meaning is Meaning.OFFER:
            fork.prack_owed = response
        elif reliable:
            self._prack(fork, response, None)
        self._leg.inbox.put(Progress(response.status, sdp))

    def _fork(self, response: Response) -> Fork | None:
        tag = response.to_tag or ""
        fork = self.forks.get(tag)
        if fork is None:
            if len(self.forks) >= MAX_FORKS:
                return None
            exchange = OfferAnswer(owner=True)
            exchange.sent(Carrier.INVITE, sdp=self._offer)
            fork = self.forks[tag] = Fork(Dialog.uac(self.request, response), exchange)
        else:
            fork.dialog.refresh_target(response)
        return fork

    def _accepted(self, response: Response) -> None:
        fork = self.forks.get(response.to_tag or "")
        if self.answered or self.given_up is not None:
            self._decline(response, fork)
            return
        self.answered = True
        leg = self._leg
        if fork is None:
            fork = self._fork(response) or Fork(Dialog.uac(self.request, response), OfferAnswer(owner=True))
        fork.dialog.confirm(response)
        self.forks = {}
        leg.confirmed_by(fork.dialog, fork.exchange, response)
        sdp = sdp_of(response)
        meaning = fork.exchange.received(Carrier.ACCEPTED, sdp=sdp is not None)
        if meaning is Meaning.NOTHING:
            sdp = fork.sdp
        leg.remote_sdp = sdp or leg.remote_sdp
        if meaning is Meaning.OFFER:
            self.ack_owed = True
        else:
            self._acknowledge(fork.dialog)
        leg.refresh.agreed(self._session.accepted(response))
        leg.inbox.put(Answered(sdp))

    def renewed(self, exchange: OfferAnswer) -> None:
        """The call has answered an UPDATE of the phone that rings: what its 18x said no longer counts."""
        for fork in self.forks.values():
            if fork.exchange is exchange:
                fork.sdp = None

    def _decline(self, response: Response, fork: Fork | None) -> None:
        """A 2xx nobody wants: another fork was first, or the CANCEL came too late (RFC 3261 13.2.2.4)."""
        dialog = fork.dialog if fork is not None else Dialog.uac(self.request, response)
        dialog.confirm(response)
        self._acknowledge(dialog)
        cause = self.given_up or LegCause.ANSWERED_ELSEWHERE
        bye = dialog.request("BYE", headers=reason_headers(cause))
        send_in_dialog(self._leg, dialog, bye, NOBODY)
        if not self.answered:
            self._leg.release()

    def _refused(self, response: Response) -> None:
        if self.answered:
            return
        if self.given_up is not None:
            self._leg.release()
        elif response.status == 503 and self.hops and not self.forks:
            self._next_hop()
        elif not self._may_ask_again(response):
            self._fail(response.status, response.reason, _contacts(response))

    def _may_ask_again(self, response: Response) -> bool:
        """Whether the refusal told what was missing, and the INVITE has gone out again with it."""
        if response.status == 422:
            return self._asked_longer(response)
        return response.status in ASKS_WHO and self._asked_who(response)

    def _asked_longer(self, response: Response) -> bool:
        """422: ask again with the interval the phone wants (RFC 4028 7.3)."""
        try:
            self._session = self._session.after_422(response)
        except PeerError:
            return False
        headers = self.request.headers.copy()
        for name, value in self._session.headers():
            headers.set(name, value)
        self._again(headers)
        return True

    def _asked_who(self, response: Response) -> bool:
        """401 or 407: ask again with credentials (RFC 3261 22.2), once more only when the nonce was stale."""
        proof = self._proof.header(response, self.request)
        if proof is None:
            return False
        headers = self.request.headers.copy()
        headers.set(*proof)
        self._again(headers)
        return True

    def _again(self, headers: Headers) -> None:
        """The same INVITE with other headers, as a new transaction of the same call."""
        headers.set("CSeq", f"{self.request.cseq.number + 1} INVITE")
        self.request = Request("INVITE", self.request.uri, headers, self.request.body)
        self.forks = {}
        self._receiver = ReliableReceiver()
        self.send([self._leg.hop, *self.hops])

    def failed(self, status: int) -> None:
        if self.answered:
            return
        if self._attempt is not None:
            self._attempt.failed()
        if self.given_up is not None:
            self._leg.release()
        elif self.hops and not self.forks:
            self._next_hop()
        else:
            self._fail(status, reason_of(status))

    def _fail(self, status: int, reason: str, contacts: tuple[str, ...] = ()) -> None:
        self.answered = True
        self._leg.inbox.put(Refused(status, reason, contacts))
        self._leg.finish(Ended(cause_of_status(status), status, reason))
        self._leg.release()


def _typed(sdp: bytes | None) -> tuple[tuple[str, str], ...]:
    return (("Content-Type", SDP),) if sdp else ()


def _contacts(response: Response) -> tuple[str, ...]:
    """The contacts of a 3xx, best first (RFC 3261 8.1.3.4)."""
    if response.status not in (300, 301, 302, 305):
        return ()
    try:
        ranked = sorted(response.contacts[:MAX_CONTACTS], key=lambda each: -_q(each.params.get("q")))
    except ParseError:
        return ()
    return tuple(each.uri for each in ranked)


def _q(text: str | None) -> float:
    try:
        return min(max(float(text), 0.0), 1.0) if text else 1.0
    except ValueError:
        return 1.0
