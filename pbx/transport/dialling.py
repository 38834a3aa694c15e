"""Reading a dial target: where its INVITE goes, and what its URIs say."""

from __future__ import annotations

import asyncio

from pbx.model.party import DialTarget
from pbx.sip.build import response_to
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.uri import SipUri, tel_number
from pbx.transport.resolver import DEFAULT_PORT, Resolver


def hops_at_once(target: DialTarget, resolver: Resolver) -> list[Hop] | None:
    """The next hops of a target when no look-up is needed, else None."""
    if target.host:
        port = target.port or DEFAULT_PORT.get(target.transport, 5060)
        return [Hop(target.transport, target.host, port, connection=target.connection)]
    return resolver.hops_known(first_uri(target)) or None


def first_uri(target: DialTarget) -> str:
    """The URI that decides the next hop: the first route, or the target itself (RFC 3261 8.1.2).

    On the way to a SIPS URI every route is one (RFC 3261 8.1.2).
    """
    if not target.route:
        return target.uri
    route = target.route[0].strip("<> ").partition(">")[0]
    return f"sips:{route[4:]}" if is_sips(target.uri) and route[:4].lower() == "sip:" else route


def is_sips(uri: str) -> bool:
    return uri[:5].lower() == "sips:"


def leaves_tls(uri: str, hop: Hop) -> bool:
    """Whether a request for this URI may not go this way: a SIPS URI is reached over TLS, or not at all (RFC 5630)."""
    return is_sips(uri) and hop.transport not in ("TLS", "WSS")


def is_far_end_nat(target: DialTarget) -> bool:
    """Whether a registered phone's Contact is not the address its packets come from."""
    if not target.host or target.route:
        return False
    try:
        return SipUri.parse(target.uri).host.strip("[]") != target.host
    except ParseError:
        return True


def user_of(uri: str) -> str:
    """The user part of a SIP URI or the number of a tel URI, "" when it has none."""
    try:
        return dialled_by(uri)
    except ParseError:
        return ""


def dialled_by(uri: str) -> str:
    """What is dialled by a SIP or tel URI, "" by one that names nobody. Raises `ParseError` 400, 416.

    A telephone-subscriber in a SIP URI may have parameters of its own (RFC 3261 19.1.6); they dial nothing.
    """
    number = tel_number(uri)
    if number is not None:
        return number
    parsed = SipUri.parse(uri)
    user = parsed.user or ""
    return user.partition(";")[0] if parsed.params.get("user", "").lower() == "phone" else user


def is_secure(request: Request) -> bool:
    """Whether a request that opens a dialog asks for SIPS: in its Request-URI, its last Record-Route or its Contact
    (RFC 3261 12.1.1)."""
    routes = request.headers.all("Record-Route")
    said = [request.uri, routes[0] if routes else (request.headers.get("Contact") or "")]
    return any("sips:" in each[:200].lower().partition("@")[0] for each in said)


class FinalResponse:
    """A future for the final response to one request; silence becomes a 408 or 503 of our own."""

    __slots__ = ("_request", "arrived", "hop")

    def __init__(self, request: Request) -> None:
        self._request = request
        self.hop: Hop | None = None  # the response came over this one
        self.arrived: asyncio.Future[Response] = asyncio.get_running_loop().create_future()

    def responded(self, response: Response, hop: Hop) -> None:
        if response.status >= 200 and not self.arrived.done():
            self.hop = hop
            self.arrived.set_result(response)

    def failed(self, status: int) -> None:
        if not self.arrived.done():
            self.arrived.set_result(response_to(self._request, status))
