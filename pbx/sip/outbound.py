"""Flows, paths and routers that meddle: what a REGISTER says about the way it came.

RFC 5626 (outbound: several connections of one phone, kept alive), RFC 3327 (Path), RFC 3608 (Service-Route), and the
traces that a router's "SIP ALG" leaves when it rewrites addresses it does not understand.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

from pbx.model.binding import Binding
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.option_tag import lists_option
from pbx.sip.uri import SipUri

FLOW_TIMER_S = 120
"""After this long without a keep-alive we may think a flow is dead (RFC 5626 4.4.1)."""


def flow_headers(request: Request, service_route: str) -> list[tuple[str, str]]:
    """What the 200 says about flows and paths; `service_route` is the route back to us."""
    headers: list[tuple[str, str]] = []
    if is_outbound(request):
        headers += [("Require", "outbound"), ("Flow-Timer", str(FLOW_TIMER_S))]
    paths = request.headers.all("Path")
    if paths:
        headers += [("Path", value) for value in paths]
        if service_route:
            headers.append(("Service-Route", service_route))
    return headers


def is_outbound(request: Request) -> bool:
    """Whether the phone does RFC 5626, and nobody between us forgets the flow (4.2.1, 6)."""
    if not lists_option(request, "outbound"):
        return False
    if not any("reg-id" in each.params and "+sip.instance" in each.params for each in request.contacts):
        return False
    if len(request.headers.all("Via")) == 1:
        return True
    paths = request.headers.all("Path")
    return bool(paths) and ";ob" in paths[-1].lower()


def one_flow_each(bindings: Sequence[Binding]) -> list[Binding]:
    """Of the flows of one phone only the latest, which is what rings (RFC 5626 5.3: never two of an instance)."""
    latest: dict[str, Binding] = {}
    for each in bindings:
        phone = phone_of(each)
        if phone not in latest or each.expires_at > latest[phone].expires_at:
            latest[phone] = each
    return [each for each in bindings if latest[phone_of(each)] is each]


def phone_of(binding: Binding) -> str:
    """The phone behind a binding; one that does not say so is known by its contact."""
    instance, _, flow = (binding.instance_id or "").rpartition(";")
    return instance if flow.isdigit() and instance else f"contact:{binding.contact_uri}"


def was_rewritten(request: Request, hop: Hop) -> bool:
    """Whether a router on the way has rewritten addresses in a first REGISTER (one without credentials).

    A phone writes its own address into Via and into Contact. It cannot know yet how the Internet sees it, unless it
    was told, and then says so in both places. If only one of them is the address its packets come from, and the other
    a private one, somebody else wrote it.
    """
    return not request.headers.all("Authorization") and looks_rewritten(request, hop)


def looks_rewritten(request: Request, hop: Hop) -> bool:
    """The same of a REGISTER that is not the first."""
    if len(request.headers.all("Via")) != 1:
        return False
    seen = _address(hop.remote_host)
    if seen is None or seen.is_private:
        return False
    try:
        said = [
            request.via.host,
            *(SipUri.parse(each.uri).host for each in request.contacts if each.uri != "*"),
        ]
    except ParseError:
        return False
    found = [_address(each) for each in said]
    if len(found) < 2 or None in found:
        return False
    return seen in found and any(each is not None and each.is_private for each in found)


@lru_cache(maxsize=1024)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
