"""What the transport layer adds to a request of ours (RFC 3261 18.1.1, RFC 3581)."""

from __future__ import annotations

from pbx.sip.hop import Hop, host_port
from pbx.sip.message import Request
from pbx.sip.timers import UDP_LIMIT_BYTES

MAGIC_COOKIE = "z9hG4bK"
"""Every branch of an RFC 3261 client begins so (8.1.1.7)."""


class TooLargeForUdp(Exception):  # noqa: N818 a condition with a way out, not an error
    """The request must go over a transport with congestion control (RFC 3261 18.1.1): ask again with a TCP hop."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"{size_bytes} bytes, at most {UDP_LIMIT_BYTES} may go over UDP")
        self.size_bytes = size_bytes


def encode_for(request: Request, hop: Hop, branch: str, *, oversize: bool) -> bytes:
    """The bytes of a request with our Via in place of whatever Via it had.

    Raises `TooLargeForUdp` unless `oversize`, and `ValueError` when the hop does not know our own address.
    """
    if not hop.local_host:
        raise ValueError(f"the hop to {hop.remote_host} does not say which address of ours goes into Via")
    headers = request.headers
    headers.remove("Via")
    sent_by = host_port(hop.local_host, hop.local_port)
    headers.prepend("Via", f"SIP/2.0/{hop.transport} {sent_by};rport;branch={branch}")
    if "Max-Forwards" not in headers:
        headers.add("Max-Forwards", "70")
    data = request.encode()
    if hop.transport == "UDP" and len(data) > UDP_LIMIT_BYTES and not oversize:
        raise TooLargeForUdp(len(data))
    return data
