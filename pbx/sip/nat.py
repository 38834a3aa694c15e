"""Where a response goes: RFC 3261 18.2.1, 18.2.2 and RFC 3581 (rport)."""

from __future__ import annotations

from msgspec.structs import replace

from pbx.sip.hop import Hop
from pbx.sip.message import Request

_DEFAULT_PORT = {"TLS": 5061, "WSS": 443, "WS": 80}


def fix_via(request: Request, hop: Hop) -> None:
    """Note in the top Via where the request really came from. Raises `ParseError` 400.

    A `received` that the client wrote itself does not survive when it is wrong. Doing it twice changes nothing.
    """
    via = request.via
    host = hop.remote_host
    params = dict(via.params)
    if "rport" in params:
        params["rport"] = str(hop.remote_port)
        params["received"] = host
    elif "received" in params or via.host.strip("[]").lower() != host.lower():
        params["received"] = host
    if params != via.params:
        fixed = replace(via, params=params)
        request.headers.set_first("Via", str(fixed), fixed)


def response_hop(request: Request, hop: Hop) -> Hop:
    """The hop a response takes: back over the connection, or to received and rport, from the same socket."""
    if hop.reliable:
        return hop
    via = request.via
    # maddr asks for multicast, which is not spoken here: the source is the only safe place to answer.
    if "rport" in via.params or "maddr" in via.params:
        return hop
    port = via.port or _DEFAULT_PORT.get(via.transport, 5060)
    return hop if port == hop.remote_port else replace(hop, remote_port=port)
