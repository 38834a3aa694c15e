"""The user agent of this node: turns requests into legs, and calls into requests (RFC 3261 8, 12, 13).

Knows which leg a request belongs to, what to refuse at the door, and nothing of what a call does with its legs. Owns
the last transactions of legs whose call is gone, so that a cancelled call still says CANCEL, ACK and BYE.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from pbx.core.clock import Clock
from pbx.core.errors import PeerError
from pbx.core.ids import fraction, word
from pbx.core.tasks import Supervisor
from pbx.model.leg_event import Ended, LegCause
from pbx.model.party import DialTarget, Party
from pbx.sip.build import response_to
from pbx.sip.effects import TransactionId
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.parser import parse
from pbx.sip.session_timer import SessionOffer
from pbx.sip.session_timer import answer as answer_timer
from pbx.transport.abilities import ACCEPT, ALLOW, SUPPORTED
from pbx.transport.admission import check_invite, check_options
from pbx.transport.dialling import (
    FinalResponse,
    first_uri,
    hops_at_once,
    is_far_end_nat,
    is_secure,
    leaves_tls,
    user_of,
)
from pbx.transport.driver import Driver
from pbx.transport.failover import GIVES_UP, ask_in_turn
from pbx.transport.guard import Guard, Offence
from pbx.transport.identity import contact
from pbx.transport.in_dialog import handle
from pbx.transport.invite_client import ClientInvite
from pbx.transport.invite_request import Ours, invite_request
from pbx.transport.invite_server import ServerInvite
from pbx.transport.kept_dialog import decode, decode_invite
from pbx.transport.leg_core import LegCore
from pbx.transport.leg_host import AgentSettings
from pbx.transport.resolver import Resolver
from pbx.transport.sip_leg import SipLeg
from pbx.transport.whereabouts import Whereabouts, is_behind_nat, same_place

log = logging.getLogger(__name__)

OnInvite = Callable[[SipLeg], None]
OnRequest = Callable[[Request, Hop], Response | Awaitable[Response]]
OnChallenge = Callable[[Request, Hop], tuple[tuple[str, str], ...]]
OnRefresh = Callable[[TransactionId, Request, Hop], bool]
OnDialled = Callable[[str, str], None]
"""Called with the node's name for a call, and the SIP Call-ID of a leg that is dialled for it."""

NEEDS_DIALOG = frozenset({"BYE", "PRACK", "UPDATE", "INFO", "NOTIFY", "REFER"})
LEGS_FOR_HELP = 32
"""Beyond `max_legs`: a call for help is taken, and goes out, also when nothing else is."""
CLOSING_S = 3.0
"""How long `close` waits for the last BYEs to be answered."""


class Agent:
    """UAC and UAS. Set `on_invite` and `on_request` before the sockets are started.

    `on_invite` gets each new leg, at once, and must not block. `on_request` answers REGISTER, OPTIONS and whatever else
    `methods` names outside a dialog, at once where it need not wait; a `PeerError` it raises is the answer.
    `on_refresh` answers a SUBSCRIBE in the dialog of a subscription, and says whether it was one.
    """

    def __init__(
        self,
        *,
        driver: Driver,
        clock: Clock,
        local_address: Callable[[str], str],
        local_port: int,
        local_ports: Mapping[str, int] | None = None,
        resolver: Resolver | None = None,
        settings: AgentSettings | None = None,
        guard: Guard | None = None,
        methods: frozenset[str] = frozenset({"REGISTER", "OPTIONS"}),
        new_tag: Callable[[], str] = lambda: word(8),
        new_call_id: Callable[[], str] = lambda: word(16),
        random: Callable[[], float] = fraction,
    ) -> None:
        self.driver = driver
        self.clock = clock
        self.resolver = resolver if resolver is not None else Resolver(clock)
        self.settings = settings if settings is not None else AgentSettings()
        self.random = random
        self.on_invite: OnInvite | None = None
        self.on_request: OnRequest | None = None
        self.on_challenge: OnChallenge = lambda _request, _hop: ()
        """The headers of a 401 for an INVITE that has to prove first who sent it; none for all others."""
        self.on_refresh: OnRefresh = lambda _transaction, _request, _hop: False
        self.on_dialled: OnDialled | None = None
        self.calls_for_help: Callable[[str], bool] = lambda _number: False
        """Whether a number that is dialled calls for help: such a call has room where no other has."""
        self.on_moved: Callable[[str], None] = lambda _call_id: None
        """Told the Call-ID of a leg whose peer is elsewhere now."""
        self._guard = guard if guard is not None else Guard()
        self._methods = methods
        self._local_address = local_address
        self._local_port = local_port
        self._local_ports = local_ports if local_ports is not None else {}
        self._new_tag = new_tag
        self._new_call_id = new_call_id
        self._legs: dict[tuple[str, str], SipLeg] = {}
        self._tasks = Supervisor()
        self._closing = False
        self._empty = asyncio.Event()
        self._allow = ", ".join([ALLOW, *sorted(methods - {"OPTIONS"})])
        driver.user = self
        driver.endpoint.challenge = self._challenge

    def __len__(self) -> int:
        """How many legs are known, the ending ones included."""
        return len(self._legs)

    # -- making requests -------------------------------------------------------------------------------------------

    def dial(
        self,
        target: DialTarget,
        *,
        offer: bytes | None,
        caller: Party,
        call: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> SipLeg:
        """Send an INVITE. Everything that goes wrong, also at once, comes as `Refused` from `receive`.

        `call` is the node's name for the call, for the log. `headers` are added to the INVITE, or replace its own of
        that name (Max-Forwards, say).
        """
        caller = target.caller or caller
        hops = hops_at_once(target, self.resolver)
        if hops is not None:
            hops = [hop for hop in hops if not leaves_tls(target.uri, hop)]
        here = self.facing(hops[0] if hops else Hop("UDP", "", 0))
        tag = self._new_tag()
        session = SessionOffer.first(self.settings.session)
        ours = Ours(
            contact(caller.number, here), tag, self._new_call_id(), here.local_host, session.headers()
        )
        request = invite_request(
            target, caller, ours, settings=self.settings, offer=offer, extra=(*target.headers, *headers)
        )
        leg = SipLeg(
            self,
            leg_id=tag,
            direction="out",
            request=request,
            contact=ours.contact,
            whereabouts=Whereabouts(self, here, natted=is_far_end_nat(target)),
        )
        leg.local_sdp = offer
        leg.credentials = target.credentials
        leg.initial = invite = ClientInvite(leg, request, session=session, patient=target.patient)
        self._enter(leg)
        if self.on_dialled is not None:
            self.on_dialled(call, leg.call_id)
        log.debug("dial", extra={"call": call, "leg_id": leg.id, "sip_call_id": leg.call_id})
        if self._closing or len(self._legs) > self.settings.max_legs + LEGS_FOR_HELP or hops == []:
            invite.failed(503)
        elif hops is not None:
            invite.send(hops)
        else:
            self.spawn("resolve", self._resolve(leg, invite, first_uri(target)))
        return leg

    def revive(self, kept: bytes, *, away: bool) -> SipLeg:
        """Go on in a dialog of an earlier process, as `SipLeg.kept` described it. `away`: where it had a connection,
        the phone is who opens the next one. Raises `ValueError` for what cannot be read.
        """
        leg = SipLeg.revived(self, decode(kept), away=away)
        self._enter(leg)
        return leg

    def ring_again(self, kept: bytes, on_invite: OnInvite) -> None:
        """Take the INVITE of a caller to whom an earlier process owes its answer; `on_invite` gets the leg."""
        invite = decode_invite(kept)
        request = parse(invite.raw)
        before, self.on_invite = self.on_invite, on_invite
        try:
            if isinstance(request, Request):
                self.driver.received_message(request, invite.hop)
        finally:
            self.on_invite = before

    def take_back(self, kept: bytes) -> None:
        """Cancel an INVITE that an earlier process has sent."""
        invite = decode_invite(kept)
        request = parse(invite.raw)
        if not isinstance(request, Request):
            return
        leg = SipLeg(
            self,
            leg_id=invite.leg_id,
            direction="out",
            request=request,
            contact=request.headers.get("Contact") or "",
            whereabouts=Whereabouts(self, invite.hop, natted=invite.natted),
        )
        leg.initial = client = ClientInvite(leg, request, session=SessionOffer.first(self.settings.session))
        self._enter(leg)
        client.take_back(self.facing(invite.hop), LegCause.CANCELLED)
        leg.finish(Ended(LegCause.CANCELLED))

    def connected(self, contact_uri: str, hop: Hop) -> None:
        """A phone has registered over a new connection: requests in its dialogs go there."""
        for leg in list(self._legs.values()):
            if (
                leg.whereabouts.is_away
                and leg.dialog is not None
                and same_place(leg.dialog.remote_target, contact_uri)
            ):
                leg.whereabouts.heard_from(hop)
                self.moved(leg)

    async def hops(self, uri: str) -> list[Hop]:
        """Where a request for this URI goes, best first (RFC 3263). Raises `PeerError`."""
        return await self.resolver.hops(uri)

    async def request(self, request: Request, hop: Hop) -> Response:
        """Send a request outside any dialog; returns the final response, a made-up 408 or 503 when none comes."""
        return (await self._send(request, hop))[0]

    async def exchange(self, request: Request, hop: Hop) -> tuple[Response, Hop]:
        """The same for a provider's server, with the hop that the response came over: it names the connection, where
        there is one. Calls try what answers first."""
        response, over = await self._send(request, hop)
        if response.status in GIVES_UP:
            self.resolver.failed(hop)
        else:
            self.resolver.answered(hop)
        return response, over

    async def _send(self, request: Request, hop: Hop) -> tuple[Response, Hop]:
        final = FinalResponse(request)
        self.driver.request(request, self.facing(hop), final)
        return await final.arrived, final.hop or hop

    def is_open(self, connection: int) -> bool:
        """Whether a connection still stands."""
        return self.driver.wire.is_open(connection)

    def keep_alive(self, hop: Hop) -> None:
        """A double CRLF over a connection that we opened (RFC 5626 4.4.1)."""
        self.driver.wire.send(b"\r\n\r\n", hop)

    async def ask(self, request: Request, uri: str) -> Response:
        """Send a request outside any dialog to wherever `uri` leads, the next place when one fails.

        Raises `PeerError` when the URI leads nowhere.
        """
        return await ask_in_turn(request, await self.resolver.hops(uri), self.resolver, self.request)

    async def _resolve(self, leg: SipLeg, invite: ClientInvite, uri: str) -> None:
        try:
            hops = await self.resolver.hops(uri)
        except PeerError as error:
            invite.failed(error.sip_status)
            return
        # Only now is it known which of our addresses faces the peer.
        here = self.facing(hops[0])
        leg.contact = contact(user_of(leg.contact.strip("<>")), here)
        leg.request.headers.set("Contact", leg.contact)
        invite.send(hops)

    # -- requests from outside -------------------------------------------------------------------------------------

    def requested(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        """A new request: for a leg, for a new leg, or for `on_request`."""
        try:
            if request.to_tag:
                self._in_dialog(transaction, request, hop)
            elif request.method == "INVITE":
                self._invited(transaction, request, hop)
            else:
                self._asked(transaction, request, hop)
        except PeerError as error:
            self._refuse(transaction, request, error)

    def _in_dialog(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        leg = self._legs.get((request.call_id, request.to_tag or ""))
        if leg is None:
            if request.method == "SUBSCRIBE" and self.on_refresh(transaction, request, hop):
                return
            raise PeerError(481, "Call/Transaction Does Not Exist")
        handle(leg, transaction, request, hop)

    def _challenge(self, request: Request, hop: Hop) -> tuple[tuple[str, str], ...]:
        """Only of an INVITE that would be taken otherwise: what is wrong with it is said first."""
        if self._closing or "Authorization" in request.headers or self._is_full(request):
            return ()
        try:
            check_invite(request)
            answer_timer(request, self.settings.session)
            return self.on_challenge(request, hop)
        except PeerError:
            return ()

    def _invited(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        self._admit(hop, full=self._is_full(request) or self.on_invite is None)
        check_invite(request)
        answer_timer(request, self.settings.session)  # 422 before anybody's phone rings
        here = self.facing(hop)
        leg = SipLeg(
            self,
            leg_id=self._new_tag(),
            direction="in",
            request=request,
            contact=contact(user_of(request.uri), here, secure=is_secure(request)),
            whereabouts=Whereabouts(self, hop, natted=is_behind_nat(request, hop)),
        )
        leg.initial = invite = ServerInvite(leg, transaction, request, first=True)
        self.driver.watch(transaction, invite)
        self._enter(leg)
        if self.on_invite is not None:
            self._offer_leg(leg, self.on_invite)

    def _is_full(self, request: Request) -> bool:
        legs, most = len(self._legs), self.settings.max_legs
        return legs >= most and not (
            legs < most + LEGS_FOR_HELP and self.calls_for_help(user_of(request.uri))
        )

    def _offer_leg(self, leg: SipLeg, on_invite: OnInvite) -> None:
        try:
            on_invite(leg)
        except PeerError as error:
            leg.give_up(error.sip_status, error.reason, error.headers)
        except Exception:
            leg.give_up(500)
            raise

    def _asked(self, transaction: TransactionId, request: Request, hop: Hop) -> None:
        self._admit(hop)
        method = request.method
        if method in NEEDS_DIALOG:
            raise PeerError(481, "Call/Transaction Does Not Exist")
        if method not in self._methods:
            self._guard.count(Offence.UNKNOWN_METHOD, hop.remote_host)
            raise PeerError(405, "Method Not Allowed", headers=(("Allow", self._allow),))
        check_options(request)
        if method == "OPTIONS" and self.on_request is None:
            self.driver.respond(transaction, self._abilities(request))
        elif self.on_request is None:
            raise PeerError(503, "Service Unavailable")
        else:
            answer = self.on_request(request, hop)
            if isinstance(answer, Response):
                self.driver.respond(transaction, answer)
            else:
                self._tasks.spawn(method, self._answer(transaction, request, answer))

    async def _answer(
        self, transaction: TransactionId, request: Request, answer: Awaitable[Response]
    ) -> None:
        try:
            response = await answer
        except PeerError as error:
            self._refuse(transaction, request, error)
        except Exception:
            self._refuse(transaction, request, PeerError(500, "Server Internal Error"))
            raise
        else:
            self.driver.respond(transaction, response)

    def _admit(self, hop: Hop, *, full: bool = False) -> None:
        """Raises `PeerError` 503 with Retry-After while shutting down, and when there is too much in hand."""
        if self._closing:
            raise PeerError(503, "Shutting Down", headers=self._retry_after())
        if full or self.driver.live > self.settings.max_transactions:
            self._guard.count(Offence.OVERLOAD, hop.remote_host)
            raise PeerError(503, "Overloaded", headers=self._retry_after())

    def _refuse(self, transaction: TransactionId, request: Request, error: PeerError) -> None:
        response = response_to(request, error.sip_status, error.reason, to_tag=self._new_tag())
        for name, value in error.headers:
            response.headers.add(name, value)
        self.driver.respond(transaction, response)

    def _abilities(self, request: Request) -> Response:
        response = response_to(request, 200, to_tag=self._new_tag())
        for name, value in (("Allow", self._allow), ("Accept", ACCEPT), ("Supported", SUPPORTED)):
            response.headers.add(name, value)
        return response

    def _retry_after(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", str(self.settings.retry_after_s)),)

    # -- LegHost ---------------------------------------------------------------------------------------------------

    def facing(self, hop: Hop) -> Hop:
        """The hop with our address, as its peer sees us, filled in."""
        if hop.local_host:
            return hop
        address = self._local_address(hop.remote_host)
        port = self._local_ports.get(hop.transport, self._local_port)
        return Hop(
            hop.transport, hop.remote_host, hop.remote_port, address, port, hop.connection, hop.server_name
        )

    def spawn(self, name: str, coro: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            coro.close()
        else:
            self._tasks.spawn(name, coro)

    def count(self, name: str) -> None:
        counters = self.driver.endpoint.counters
        counters[name] = counters.get(name, 0) + 1

    def moved(self, leg: LegCore) -> None:
        self.on_moved(leg.call_id)

    def released(self, leg: LegCore) -> None:
        self._legs.pop((leg.call_id, leg.id), None)
        if not self._legs:
            self._empty.set()

    def _enter(self, leg: SipLeg) -> None:
        self._legs[leg.call_id, leg.id] = leg
        self._empty.clear()

    # -- the end ---------------------------------------------------------------------------------------------------

    async def close(self, within_s: float = CLOSING_S) -> None:
        """Refuse what is new with 503, end every leg, wait a little for the last answers, stop all timers."""
        self._closing = True
        self.driver.short_way = None
        for leg in list(self._legs.values()):
            await leg.end(LegCause.SHUTDOWN)
        try:
            async with asyncio.timeout(within_s):
                while self._legs:
                    await self._empty.wait()
        except TimeoutError:
            log.info("legs without a last answer", extra={"legs": len(self._legs)})
        await self._tasks.aclose()
        self._legs.clear()
        self.driver.close()
