"""One leg of a call as a SIP dialog: implements `Leg` of `pbx.call.ports`.

The leg joins what the other files do separately: the first INVITE (`invite_server`, `invite_client`), re-INVITEs
(`reinvite`), the peer's requests (`in_dialog`), the session timer (`refresh`) and the question who is still there
(`liveness`). It has no task: callbacks of the driver move it, and futures wake the call. Cancelling the call
therefore never loses an ACK, a CANCEL or a BYE.
"""

from __future__ import annotations

import asyncio
import logging

from pbx.core.errors import PeerError
from pbx.model.cause import cause_of_status, status_of_cause
from pbx.model.leg_event import DialogName, Ended, LegCause, LegEvent
from pbx.model.party import Party
from pbx.sip.dialog import Dialog
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.offer_answer import Carrier, OfferAnswer
from pbx.sip.session_timer import answer as answer_timer
from pbx.transport.abilities import ALLOW, SUPPORTED
from pbx.transport.bodies import sdp_of
from pbx.transport.info import DigitInfo
from pbx.transport.invite_client import ClientInvite
from pbx.transport.invite_server import ServerInvite
from pbx.transport.kept_dialog import CSEQS_AHEAD, KeptDialog, KeptInvite, encode, encode_invite, placeholder
from pbx.transport.leg_core import ExtraHeaders, LegCore, Phase
from pbx.transport.leg_host import LegHost
from pbx.transport.liveness import is_alive
from pbx.transport.proof import send_in_dialog
from pbx.transport.reason import read_reason, reason_headers
from pbx.transport.refer import ReferReport
from pbx.transport.refresh import NOT_UNDERSTOOD, SessionRefresh, Update
from pbx.transport.reinvite import Reinvite
from pbx.transport.whereabouts import Whereabouts

log = logging.getLogger(__name__)


class SipLeg(LegCore):
    """A dialog with one phone. Made by the agent, for an INVITE that came in or goes out."""

    __slots__ = ("_bye_headers", "_turns", "refer_report", "refresh")

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
        super().__init__(
            host,
            leg_id=leg_id,
            direction=direction,
            request=request,
            contact=contact,
            whereabouts=whereabouts,
        )
        self.refresh = SessionRefresh(self)
        self._bye_headers: ExtraHeaders | None = None  # of a BYE that has to wait for the ACK
        self.refer_report: ReferReport | None = None
        self._turns: list[asyncio.Future[None]] = []

    # -- Leg -------------------------------------------------------------------------------------------------------

    async def receive(self) -> LegEvent:
        """The next thing the phone did. After `Ended` nothing follows; asking again gives it again."""
        return await self.inbox.get()

    async def progress(self, status: int, sdp: bytes | None = None) -> None:
        """101–199 to the caller. Does nothing once the INVITE has its final response."""
        if isinstance(self.initial, ServerInvite) and self.phase is Phase.EARLY:
            self.initial.progress(status, sdp)

    async def answer(self, sdp: bytes | None) -> bytes | None:
        """Accept what waits for us: the peer's re-offer, else its INVITE, else an offer in its 2xx or 18x.

        For an INVITE it returns when the ACK has come, with the ACK's SDP. Raises `LegFailed` when the leg has ended
        or the ACK never comes, `PeerError` 487 when the peer has taken its offer back.
        """
        self.must_be_alive()
        if self.pending_update is not None:
            transaction, request, exchange = self.pending_update
            self.answer_update(transaction, request, exchange, sdp)
            return None
        if self.incoming is not None and not self.incoming.final:
            return await self.incoming.accept(sdp)
        if isinstance(self.initial, ServerInvite) and not self.initial.final:
            return await self.initial.accept(sdp)
        if self.outgoing is not None and self.outgoing.ack_owed:
            self.outgoing.answer(sdp)
            return None
        if isinstance(self.initial, ClientInvite) and self.initial.answer(sdp):
            return None
        raise PeerError(487, "Request Terminated")

    async def reject(self, status: int, reason: str | None = None, headers: ExtraHeaders = ()) -> None:
        """Refuse the pending re-offer, else the INVITE, which ends the leg. Never raises."""
        if self.is_over:
            return
        if self.pending_update is not None:
            transaction, request, exchange = self.pending_update
            self.pending_update = None
            exchange.refused(Carrier.UPDATE)
            self.reply(transaction, request, status, reason, headers=headers)
        elif self.incoming is not None and not self.incoming.final:
            self.incoming.refuse(status, reason, headers)
            self.incoming = None
        elif isinstance(self.initial, ServerInvite) and not self.initial.final:
            self.give_up(status, reason, headers)
        else:
            await self.end(cause_of_status(status))

    async def reoffer(self, sdp: bytes | None) -> bytes | None:
        """re-INVITE; returns the SDP of the 2xx. Without `sdp` that is an offer, and `answer` must follow.

        Waits its turn behind other INVITEs in the dialog, and tries again after 491. Raises `PeerError` when the peer
        refuses (the session stays as it was), `LegFailed` when the leg is lost.
        """
        return await self.reinvite(sdp, LegCause.UNREACHABLE)

    def show(self, party: Party | None) -> None:
        """Whom the phone talks with from now on; None: it is not told. Once it talks, it is told by UPDATE where it
        takes that, else with the next re-INVITE or answer.
        """
        self.connected = party
        if party is None or self.phase is not Phase.UP or self.unconfirmed or self.whereabouts.is_away:
            return
        if self.peer_updates:
            Update(self, self._shown).send()

    def _shown(self, status: int, _response: Response | None) -> None:
        """A phone that does not take it shows what it did; that costs no call."""
        if status in NOT_UNDERSTOOD:
            self.peer_updates = False

    def send_digit(self, digit: str, duration_ms: int) -> None:
        """One key in an INFO request; nothing when the leg is not up."""
        if self.phase is Phase.UP:
            DigitInfo(self).send(digit, duration_ms)

    def report_transfer(self, status: int) -> None:
        """Tell a phone that transfers how far it is, as the status of an INVITE; 200 and more is the last word."""
        if self.refer_report is not None:
            self.refer_report.tell(status)

    def is_dialog(self, name: DialogName) -> bool:
        """Whether this is the dialog so named; phones that mix up the two tags are understood."""
        return name.call_id == self.call_id and self.id in (name.local_tag, name.remote_tag)

    def dialog_name(self) -> DialogName | None:
        """What a Replaces header says to mean this leg; of a phone that forks, the one that rang first."""
        dialog = self.dialog
        if dialog is None and isinstance(self.initial, ClientInvite):
            dialog = next((fork.dialog for fork in self.initial.forks.values()), None)
        return None if dialog is None else DialogName(self.call_id, self.id, dialog.remote_tag)

    async def alive(self) -> bool:
        """Whether anybody answers in this dialog. When nobody does, the leg ends with MEDIA_TIMEOUT.

        "There is no such call" (481) is no answer either; then the leg ends as hung up.
        """
        return await is_alive(self)

    def kept(self) -> bytes | None:
        """What `Agent.revive` of a later process goes on with; None while the dialog is not confirmed."""
        dialog = self.dialog
        if dialog is None or self.phase is not Phase.UP:
            return None
        return encode(
            KeptDialog(
                leg_id=self.id,
                direction=self.direction,
                contact=self.contact,
                dialog=dialog,
                hop=self.whereabouts.hop,
                natted=self.whereabouts.natted,
                local_sdp=self.local_sdp,
                remote_sdp=self.remote_sdp,
                peer_updates=self.peer_updates,
                timer=self.refresh.timer,
                credentials=self.credentials,
            )
        )

    def kept_invite(self) -> bytes | None:
        """What `Agent.ring_again` (a caller) or `Agent.take_back` of a later process needs; None without an INVITE that
        has no final answer, and where that would not reach the peer.
        """
        initial = self.initial
        if self.phase is not Phase.EARLY or initial is None or self.whereabouts.hop.reliable:
            return None
        request = initial.request
        if not request.headers.get("Via"):
            return None  # its way is still being looked for
        invite = KeptInvite(self.id, request.encode(), self.whereabouts.hop, self.whereabouts.natted)
        return encode_invite(invite)

    @classmethod
    def revived(cls, host: LegHost, kept: KeptDialog, *, away: bool) -> SipLeg:
        """The leg of an earlier process. `away`: nothing can be sent before the phone connects again."""
        dialog = kept.dialog
        dialog.local_cseq += CSEQS_AHEAD
        leg = cls(
            host,
            leg_id=kept.leg_id,
            direction=kept.direction,
            request=placeholder(dialog),
            contact=kept.contact,
            whereabouts=Whereabouts(host, kept.hop, natted=kept.natted),
        )
        leg.dialog = dialog
        leg.phase = Phase.UP
        leg.exchange = OfferAnswer(owner=kept.direction == "out")
        leg.local_sdp, leg.remote_sdp = kept.local_sdp, kept.remote_sdp
        leg.peer_updates = kept.peer_updates
        leg.credentials = kept.credentials
        leg.whereabouts.lost_connection(away=away)
        if kept.timer is not None:
            leg.refresh.resume(kept.timer, host.random())
        return leg

    async def end(self, cause: LegCause = LegCause.NORMAL) -> None:
        """BYE, CANCEL or a final refusal, whichever the state demands. Never raises or waits; may be called twice."""
        if self.is_over:
            return
        try:
            self._leave(cause)
        except Exception:
            log.exception("leg did not end cleanly", extra={"sip_call_id": self.call_id})
            self.release()
        finally:
            self.finish(Ended(cause))

    # -- re-INVITE -------------------------------------------------------------------------------------------------

    async def reinvite(
        self, sdp: bytes | None, cause_if_lost: LegCause, *, repeats: bool = False
    ) -> bytes | None:
        """`reoffer`, with the cause the leg ends for when nobody answers; `repeats` as for `Reinvite`."""
        self.must_be_alive()
        if self.phase is not Phase.UP:
            raise PeerError(491, "Not Answered Yet")
        while self.outgoing is not None:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._turns.append(turn)
            await self.until(turn)
        reinvite = self.outgoing = Reinvite(self, sdp, cause_if_lost=cause_if_lost, repeats=repeats)
        reinvite.start()
        return await self.until(reinvite.result)

    def refresh_by_reinvite(self) -> bool:
        """Repeat our last SDP in a re-INVITE; False when that has to wait."""
        if self.outgoing is not None or self.local_sdp is None or not self.exchange.may_invite:
            return False
        self.outgoing = Reinvite(self, self.local_sdp, cause_if_lost=LegCause.SESSION_EXPIRED, repeats=True)
        self.outgoing.start()
        return True

    def reinvite_done(self, reinvite: Reinvite) -> None:
        """The re-INVITE needs nothing more: the next may go."""
        if self.outgoing is reinvite:
            self.outgoing = None
        turns, self._turns = self._turns, []
        for turn in turns:
            if not turn.done():
                turn.set_result(None)

    # -- what the parts report -------------------------------------------------------------------------------------

    def confirmed_by(self, dialog: Dialog, exchange: OfferAnswer, response: Response) -> None:
        """The phone we called has answered; this is the dialog now."""
        self.dialog = dialog
        self.exchange = exchange
        self.phase = Phase.UP
        self.notice_abilities(response)

    def invite_confirmed(self, invite: ServerInvite) -> None:
        """An ACK came. A call that has ended meanwhile may say BYE now (RFC 3261 15)."""
        if invite is self.incoming:
            self.incoming = None
        if self._bye_headers is not None:
            self._send_bye(self._bye_headers)
            self._bye_headers = None

    def invite_cancelled(self, invite: ServerInvite, cancel: Request) -> None:
        """CANCEL of a re-INVITE takes the offer back; of the first INVITE, it ends the leg."""
        if invite is self.incoming:
            self.incoming = None
            return
        status, text = read_reason(cancel.headers.all("Reason"))
        self.finish(Ended(LegCause.CANCELLED, status, text))
        self.release()

    def invite_undeliverable(self, invite: ServerInvite) -> None:
        """Our responses do not reach the peer."""
        if invite is self.incoming:
            self.incoming = None
            return
        self.finish(Ended(LegCause.TRANSPORT, 503))
        self.release()

    def ack_missing(self) -> None:
        """64·T1 after our 2xx there is no ACK: say BYE and end (RFC 3261 13.3.1.4, 14.2)."""
        if not self.is_over:
            self._send_bye(reason_headers(LegCause.ACK_MISSING))
            self.finish(Ended(LegCause.ACK_MISSING, 408))
        elif self._bye_headers is not None:
            self._send_bye(self._bye_headers)
            self._bye_headers = None

    def give_up(self, status: int, reason: str | None = None, headers: ExtraHeaders = ()) -> None:
        """Refuse the INVITE, which ends the leg."""
        if isinstance(self.initial, ServerInvite) and not self.is_over:
            self.initial.refuse(status, reason, headers)
            self.finish(Ended(cause_of_status(status), status, reason or ""))
            self.release()

    def lost(self, status: int, cause: LegCause) -> None:
        """A request of ours in the dialog got 481, or no answer: the dialog is gone (RFC 3261 12.2.1.2)."""
        if self.is_over:
            return
        if status == 481:  # the peer has hung up, and its BYE is late or lost
            self.finish(Ended(LegCause.NORMAL, status))
            self.release()
            return
        self._send_bye(reason_headers(cause))
        self.finish(Ended(LegCause.TRANSPORT if status == 503 else cause, status))

    def expired(self) -> None:
        """No refresh came in time (RFC 4028 10)."""
        self._send_bye(reason_headers(LegCause.SESSION_EXPIRED))
        self.finish(Ended(LegCause.SESSION_EXPIRED, 408))

    def answer_update(
        self, transaction: TransactionId, request: Request, exchange: OfferAnswer, sdp: bytes | None
    ) -> None:
        """200 to an UPDATE with an offer."""
        self.pending_update = None
        timer, headers = answer_timer(request, self.host.settings.session)
        exchange.sent(Carrier.UPDATE_OK, sdp=sdp is not None)
        self.local_sdp = sdp
        self.remote_sdp = sdp_of(request)
        if isinstance(self.initial, ClientInvite):
            self.initial.renewed(exchange)
        ours = (("Allow", ALLOW), ("Supported", SUPPORTED), *headers)
        self.reply(transaction, request, 200, headers=ours, body=sdp)
        if self.phase is Phase.UP:
            self.refresh.agreed(timer)

    def peer_left(self, event: Ended) -> None:
        """The peer said BYE, which has been answered."""
        if not self.is_over:
            self._refuse_pending()
            self.finish(event)
            self.release()
        elif self._bye_headers is not None:  # ours waits for an ACK and is no longer needed
            self._bye_headers = None
            self.release()

    # -- the end ---------------------------------------------------------------------------------------------------

    def _leave(self, cause: LegCause) -> None:
        initial = self.initial
        if isinstance(initial, ServerInvite) and not initial.final:
            initial.refuse(status_of_cause(cause))
            self.release()
        elif self.phase is Phase.EARLY:
            if isinstance(initial, ClientInvite):
                initial.give_up(cause)
        else:
            self._refuse_pending()
            if isinstance(initial, ClientInvite) and initial.ack_owed:
                initial.answer(None)
            if self.outgoing is not None and self.outgoing.ack_owed:
                self.outgoing.answer(None)
            if isinstance(initial, ServerInvite) and not initial.confirmed:
                self._bye_headers = reason_headers(
                    cause
                )  # goes out with the ACK, or when it counts as missing
            else:
                self._send_bye(reason_headers(cause))

    def _refuse_pending(self) -> None:
        """Requests of the peer that still wait for an answer get 487 (RFC 3261 15.1.2)."""
        if isinstance(self.initial, ServerInvite):
            self.initial.refuse(487)
        if self.incoming is not None:
            self.incoming.refuse(487)
        if self.pending_update is not None:
            transaction, request, _ = self.pending_update
            self.pending_update = None
            self.reply(transaction, request, 487)

    def _send_bye(self, headers: ExtraHeaders) -> None:
        if self.dialog is None:
            self.release()
            return
        bye = self.dialog.request("BYE", headers=headers)
        send_in_dialog(self, self.dialog, bye, _LastWord(self))


class _LastWord:
    """Waits for the answer to our BYE; whatever it is, the leg is done then."""

    __slots__ = ("_leg",)

    def __init__(self, leg: SipLeg) -> None:
        self._leg = leg

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status >= 200:
            self._leg.release()

    def failed(self, status: int) -> None:
        self._leg.release()
