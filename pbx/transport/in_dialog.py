"""What a peer may ask for inside a dialog, and our answers.

RFC 3261 12.2.2, 14.2, 15.1.2; RFC 3311 (UPDATE); RFC 3262 (PRACK); RFC 2976 and 6086 (INFO); RFC 3515 (REFER). A table
from method to handler; each answers at once, except a new offer, which waits for the call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pbx.core.errors import PeerError
from pbx.model.leg_event import Ended, LegCause, Offered
from pbx.sip.dialog import Dialog
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.offer_answer import Carrier, OfferAnswer
from pbx.sip.session_timer import answer as answer_timer
from pbx.transport.abilities import ACCEPT, ACCEPT_INFO, ALLOW, SUPPORTED
from pbx.transport.admission import check_offer_carrier, check_options
from pbx.transport.bodies import digit_of, sdp_of
from pbx.transport.invite_server import ServerInvite
from pbx.transport.reason import read_reason
from pbx.transport.refer import ReferReport, read_refer

if TYPE_CHECKING:
    from pbx.transport.sip_leg import SipLeg


def handle(leg: SipLeg, transaction: TransactionId, request: Request, hop: Hop) -> None:
    """Answer one request in a dialog of `leg`, or refuse it with what the handler raises."""
    try:
        _dispatch(leg, transaction, request, hop)
    except PeerError as error:
        leg.reply(transaction, request, error.sip_status, error.reason, headers=error.headers)


def _dispatch(leg: SipLeg, transaction: TransactionId, request: Request, hop: Hop) -> None:
    dialog, exchange = leg.dialog_with(request.from_tag or "")
    if leg.is_over and request.method != "BYE":
        raise PeerError(481, "Call/Transaction Does Not Exist")
    handler = _HANDLERS.get(request.method)
    if handler is None:
        raise PeerError(405, "Method Not Allowed", headers=(("Allow", ALLOW),))
    check_options(request)
    if not dialog.accepts(request):
        raise PeerError(500, "CSeq Out Of Order")
    before = leg.whereabouts.hop, dialog.remote_target
    leg.whereabouts.heard_from(hop)
    handler(_Asked(leg, dialog, exchange, transaction, request))
    if (leg.whereabouts.hop, dialog.remote_target) != before:
        leg.host.moved(leg)


class _Asked:
    """One request and everything about where it arrived."""

    __slots__ = ("dialog", "exchange", "leg", "request", "transaction")

    def __init__(
        self, leg: SipLeg, dialog: Dialog, exchange: OfferAnswer, transaction: TransactionId, request: Request
    ) -> None:
        self.leg = leg
        self.dialog = dialog
        self.exchange = exchange
        self.transaction = transaction
        self.request = request

    def reply(
        self, status: int, reason: str | None = None, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        self.leg.reply(self.transaction, self.request, status, reason, headers=headers)


def _invite(asked: _Asked) -> None:
    """re-INVITE: a new offer, or a request for one (RFC 3261 14.2)."""
    leg, request = asked.leg, asked.request
    check_offer_carrier(request)
    if not asked.dialog.confirmed:
        raise PeerError(500, "Not Answered Yet", headers=(("Retry-After", _pause_s(leg)),))
    sdp = sdp_of(request)
    answer_timer(request, leg.host.settings.session)  # 422 before anything has changed
    asked.exchange.received(Carrier.INVITE, sdp=sdp is not None, random=leg.host.random())
    asked.dialog.refresh_target(request)
    invite = ServerInvite(leg, asked.transaction, request, first=False)
    leg.host.driver.watch(asked.transaction, invite)
    leg.incoming = invite
    if sdp is not None and sdp == leg.remote_sdp and leg.local_sdp is not None:
        invite.send_ok(leg.local_sdp)  # only a refresh: nothing about the session changes
        return
    leg.inbox.put(Offered(sdp))


def _update(asked: _Asked) -> None:
    """UPDATE: a refresh, a new target, or an offer (RFC 3311 5.2)."""
    leg, request = asked.leg, asked.request
    check_offer_carrier(request)
    sdp = sdp_of(request)
    timer, headers = answer_timer(request, leg.host.settings.session)
    if sdp is not None:
        if not asked.dialog.confirmed and leg.direction == "in":
            # Our answer to the INVITE is still to come, and the call could not tell which of the two it answers.
            raise PeerError(500, "Not Answered Yet", headers=(("Retry-After", _pause_s(leg)),))
        asked.exchange.received(Carrier.UPDATE, sdp=True, random=leg.host.random())
    asked.dialog.refresh_target(request)
    leg.notice_abilities(request)
    if sdp is None:
        if asked.dialog.confirmed:
            leg.refresh.agreed(timer)
        asked.reply(200, headers=(("Allow", ALLOW), ("Supported", SUPPORTED), *headers))
    elif sdp == leg.remote_sdp and leg.local_sdp is not None and asked.dialog.confirmed:
        leg.answer_update(asked.transaction, request, asked.exchange, leg.local_sdp)
    else:
        leg.pending_update = (asked.transaction, request, asked.exchange)
        leg.inbox.put(Offered(sdp))


def _bye(asked: _Asked) -> None:
    """BYE is answered at once; what else is pending is told that it is over (RFC 3261 15.1.2)."""
    leg = asked.leg
    asked.reply(200)
    if leg.dialog is None and leg.direction == "out":
        return  # one early dialog of several; the INVITE goes on
    status, text = read_reason(asked.request.headers.all("Reason"))
    leg.peer_left(Ended(LegCause.NORMAL if asked.dialog.confirmed else LegCause.CANCELLED, status, text))


def _info(asked: _Asked) -> None:
    digit = digit_of(asked.request)
    if digit is not None:
        asked.leg.inbox.put(digit)
    elif asked.request.body:
        raise PeerError(415, "Unsupported Media Type", headers=(("Accept", ACCEPT_INFO),))
    asked.reply(200)


def _refer(asked: _Asked) -> None:
    """A transfer; the call says how it goes."""
    leg = asked.leg
    if not asked.dialog.confirmed:
        raise PeerError(603, "Not Answered Yet")
    if leg.refer_report is not None and not leg.refer_report.is_over:
        raise PeerError(491, "A Transfer Is Going On")
    referred = read_refer(asked.request)
    asked.dialog.refresh_target(asked.request)
    leg.refer_report = report = ReferReport(leg, asked.request)
    asked.reply(202, headers=report.accepted)
    report.tell(100)
    leg.inbox.put(referred)


def _pause_s(leg: SipLeg) -> str:
    """A Retry-After of 0 to 10 s (RFC 3261 14.2)."""
    return str(int(leg.host.random() * 11))


def _options(asked: _Asked) -> None:
    asked.reply(200, headers=(("Allow", ALLOW), ("Accept", ACCEPT), ("Supported", SUPPORTED)))


def _prack(asked: _Asked) -> None:
    initial = asked.leg.initial
    if not isinstance(initial, ServerInvite):
        raise PeerError(481, "No Such Provisional Response")
    initial.prack(asked.request)
    asked.reply(200)


_HANDLERS: dict[str, Callable[[_Asked], None]] = {
    "INVITE": _invite,
    "UPDATE": _update,
    "BYE": _bye,
    "INFO": _info,
    "OPTIONS": _options,
    "PRACK": _prack,
    "REFER": _refer,
}
