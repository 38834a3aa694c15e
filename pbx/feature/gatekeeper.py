"""The door: every request that opens something comes in here.

INVITE: who is it, is there room, then to the switch. REGISTER to the registrar, SUBSCRIBE to the lamps. An extension's
MESSAGE is kept and delivered. OPTIONS is answered for everybody, so that phones and trunks can see the node is alive.
Anything else is 405.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from pbx.call.encryption import BROWSER_TRANSPORTS
from pbx.call.incoming import Incoming
from pbx.call.switch import Switch
from pbx.core.errors import PeerError
from pbx.feature.caller_id import wants_privacy
from pbx.feature.edge_calls import TOKEN_HEADER
from pbx.feature.identify import Identify
from pbx.feature.inbound import InboundCalls
from pbx.feature.messages import Messages
from pbx.feature.registrar import Registrar
from pbx.feature.trunk_line import TrunkLine
from pbx.model.leg_event import DialogName
from pbx.model.party import Party
from pbx.sip.build import response_to
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.transport.abilities import ACCEPT, ALLOW, SUPPORTED
from pbx.transport.dialling import dialled_by
from pbx.transport.refer import read_replaces
from pbx.transport.sip_leg import SipLeg

log = logging.getLogger(__name__)

METHODS = f"{ALLOW}, MESSAGE, REGISTER, SUBSCRIBE"


class Gatekeeper:
    """What the user agent calls for requests outside any dialog."""

    def __init__(
        self,
        *,
        identify: Identify,
        registrar: Registrar,
        switch: Switch,
        new_tag: Callable[[], str],
        inbound: InboundCalls | None = None,
        messages: Messages | None = None,
        subscribe: Callable[[Request, Hop], Response] | None = None,
        on_offered: Callable[[str, str], None] | None = None,
        expected: Callable[[SipLeg], Incoming | None] = lambda _: None,
        is_emergency: Callable[[str], bool] = lambda _number: False,
    ) -> None:
        """`on_offered` is told the name of each new call and the SIP Call-ID of its caller's leg. `expected` knows the
        calls that an edge has told of, by what their INVITE shows."""
        self._expected = expected
        self._is_emergency = is_emergency
        self._subscribe = subscribe
        self._on_offered = on_offered
        self._inbound = inbound
        self._messages = messages
        self._identify = identify
        self._registrar = registrar
        self._switch = switch
        self._new_tag = new_tag

    def invite(self, leg: SipLeg) -> None:
        """Hand a new INVITE to the switch. Raises `PeerError` with the challenge or the refusal."""
        call = self._switch.offered(self._incoming(leg))
        if self._on_offered is not None:
            self._on_offered(call.id, leg.call_id)

    def challenge(self, request: Request, hop: Hop) -> tuple[tuple[str, str], ...]:
        """What an INVITE without credentials is asked for; nothing of who need not show any. Raises `PeerError`."""
        self._switch.admit(for_help=self._is_emergency(_dialled(request)))
        if TOKEN_HEADER in request.headers:
            return ()
        if self._inbound is not None and self._inbound.trunk_of(request, hop) is not None:
            return ()
        return self._identify.challenged(request, hop)

    def _incoming(self, leg: SipLeg) -> Incoming:
        request, hop = leg.request, leg.hop
        self._switch.admit(for_help=self._is_emergency(_dialled(request)))
        told = self._expected(leg)
        if told is not None:
            return told
        line = self._inbound.trunk_of(request, hop) if self._inbound is not None else None
        if self._inbound is not None and line is not None:
            return self._from_trunk(leg, self._inbound, line)
        extension = self._identify.extension(request, hop)
        return Incoming(
            leg=leg,
            caller=Party(number=extension.number, name=extension.name, extension=extension.number),
            dialled=_dialled(request),
            replaces=_replaces(request),
            source=f"{hop.transport.lower()}:{hop.remote_host}:{hop.remote_port}",
            source_host=hop.remote_host,
            offer=leg.offer,
            browser=hop.transport in BROWSER_TRANSPORTS,
            withheld=wants_privacy(request),
        )

    def _from_trunk(self, leg: SipLeg, inbound: InboundCalls, line: TrunkLine) -> Incoming:
        known = line.credentials
        if line.is_office and known is not None:
            self._identify.account(leg.request, leg.hop, known)
        if not line.has_room:
            raise PeerError(486, "Busy Here")
        return inbound.incoming(line, leg)

    def request(self, request: Request, hop: Hop) -> Response | Awaitable[Response]:
        """Anything else outside a dialog. Raises `PeerError` with the status to answer."""
        if request.method == "REGISTER":
            return self._registrar.register(request, hop)
        if request.method == "SUBSCRIBE" and self._subscribe is not None:
            return self._subscribe(request, hop)
        if request.method == "OPTIONS":
            return self._options(request)
        if request.method == "MESSAGE" and self._messages is not None:
            return self._message(request, hop, self._messages)
        raise PeerError(405, "Method Not Allowed", headers=(("Allow", METHODS),))

    async def _message(self, request: Request, hop: Hop, messages: Messages) -> Response:
        await messages.take(request, self._identify.extension(request, hop))
        return response_to(request, 202, to_tag=self._new_tag())

    def _options(self, request: Request) -> Response:
        response = response_to(request, 200, to_tag=self._new_tag())
        response.headers.set("Allow", METHODS)
        response.headers.set("Accept", ACCEPT)
        response.headers.set("Supported", SUPPORTED)
        return response


def _replaces(request: Request) -> DialogName | None:
    """The dialog that the new one takes the place of. Raises `PeerError` 400."""
    values = request.headers.all("Replaces")
    if len(values) > 1:
        raise PeerError(400, "More Than One Replaces")
    return read_replaces(values[0]) if values else None


def _dialled(request: Request) -> str:
    """Whom the Request-URI dials. Raises `PeerError` 404 when it names nobody."""
    try:
        user = dialled_by(request.uri)
    except ParseError as error:
        raise PeerError(error.status, error.reason) from error
    if not user:
        raise PeerError(404, "Not Found")
    return user
