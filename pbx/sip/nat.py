"""Where a response goes: RFC 3261 18.2.1, 18.2.2 and RFC 3581 (rport)."""
from __future__ import annotations

from dataclasses import replace

from pbx.sip.fields import Via
from pbx.sip.hop import Hop
from pbx.sip.message import Request

_DEFAULT_PORT = {"TLS": 5061, "WSS": 443, "WS": 80}


def fix_via(request: Request, hop: Hop) -> None:
    """Note in the top Via where the request really came from. Raises `ParseError` 400."""
    via = request.via
    rport = "rport" in via.params
    if not rport and via.host.strip("[]").lower() == hop.remote_host.lower():
        return
    params = dict(via.params)
    params["received"] = hop.remote_host
    if rport:
        params["rport"] = str(hop.remote_port)
    values = request.headers.all("Via")
    request.headers.set_all("Via", [str(Via(via.transport, via.host, via.port, params)), *values[1:]])


def response_hop(request: Request, hop: Hop) -> Hop:
    """The hop a response takes: back over the connection, or to received and rport, from the same socket."""
    if hop.reliable:
        return hop
    via = request.via
    if "maddr" in via.params:  # multicast is not spoken here: the source is the only safe place to answer
        return hop
    if "rport" in via.params:
        return hop
    port = via.port or _DEFAULT_PORT.get(via.transport, 5060)
    return hop if port == hop.remote_port else replace(hop, remote_port=port)
