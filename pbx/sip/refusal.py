"""Answers to requests that are not worth a transaction (RFC 3261 8.2.7, RFC 4475).

A request that comes again gets the same answer again, with the same To tag, because both are made of the request.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from pbx.sip.build import response_to
from pbx.sip.effects import Transmit
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request, Response
from pbx.sip.nat import fix_via, response_hop

_NEEDED = ("Via", "CSeq")
_BRANCH = re.compile(rb";branch=([^;,\s]+)")
_MOST_BRANCHES = 2048


def refuse(
    request: Request,
    status: int,
    reason: str,
    hop: Hop,
    server_name: str = "",
    *,
    headers: tuple[tuple[str, str], ...] = (),
) -> Transmit | None:
    """The answer; None for an ACK, and when the request lacks what an answer is made of."""
    if request.method == "ACK" or not all(name in request.headers for name in _NEEDED):
        return None
    try:
        back = response_hop(request, hop)
        fix_via(request, hop)
    except ParseError:
        # A Via nobody can read (RFC 4475 3.1.2.1 and 3.1.2.16): the answer goes back to where the request came from.
        back = hop
    seed = f"{request.headers.get('Via')} {request.headers.get('Call-ID')} {request.headers.get('CSeq')}"
    tag = blake2b(seed.encode("utf-8", "replace"), digest_size=6).hexdigest()
    response = written_by(server_name, response_to(request, status, reason, to_tag=tag))
    for name, value in headers:
        response.headers.add(name, value)
    return Transmit(response.encode(), back)


class ChallengedInvites:
    """The branches of the INVITEs that were challenged last: their ACKs mean nothing to anybody, and are not parsed."""

    __slots__ = ("_before", "_branches")

    def __init__(self) -> None:
        self._branches: set[bytes] = set()
        self._before: set[bytes] = set()

    def add(self, branch: str) -> None:
        if len(self._branches) >= _MOST_BRANCHES:
            self._before, self._branches = self._branches, set()
        self._branches.add(branch.encode())

    def has(self, ack: bytes) -> bool:
        """Whether these bytes, which begin as an ACK, are for one of them."""
        found = _BRANCH.search(ack)
        return found is not None and (found[1] in self._branches or found[1] in self._before)


def written_by(server_name: str, response: Response) -> Response:
    """Sign a response the endpoint makes itself."""
    if server_name:
        response.headers.add("Server", server_name)
    return response
