"""Calls that go from office to office: how often, and whether they come back to where they were.

Every call that is sent on has one hop less in Max-Forwards than it came with (RFC 3261 16.6), so a call that a provider
sends back to us for ever ends. Between our own offices a header says more, as a proxy's branch does (RFC 3261 16.3):
one mark for each office and the number that was dialled there. A mark of our own for the same number means a circle. A
call that comes back for another number is only forwarded.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

from pbx.call.call import Call
from pbx.call.incoming import Passed
from pbx.core.errors import PeerError
from pbx.sip.message import Request

__all__ = ["HEADER", "PassedOn"]

HEADER = "Office-Path"
MOST_MARKS = 12
_MARK = re.compile(r"[0-9a-f]{16}")


class PassedOn:
    """This office's marks."""

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(16)

    def read(self, request: Request, dialled: str, *, trusted: bool) -> Passed:
        """What an INVITE says of its way here; `trusted`: it comes from another office.

        Raises `PeerError` 482 when it has been here for the same number, 483 when it has been to too many offices.
        """
        hops_left = int(request.headers.get("Max-Forwards") or "70")  # a number, or the parser had refused it
        marks = tuple(_MARK.findall(request.headers.get(HEADER) or "")) if trusted else ()
        if self._mark(dialled) in marks:
            raise PeerError(482, "Loop Detected")
        if len(marks) >= MOST_MARKS:
            raise PeerError(483, "Too Many Hops")
        return Passed(hops_left, marks)

    def headers(self, call: Call, *, to_office: bool) -> tuple[tuple[str, str], ...]:
        """For an INVITE that sends the call on. Raises `PeerError` 483 when it may go no further."""
        hops_left = call.passed.hops_left - 1
        if hops_left <= 0:
            raise PeerError(483, "Too Many Hops")
        headers = (("Max-Forwards", str(hops_left)),)
        if not to_office:
            return headers
        return (*headers, (HEADER, ", ".join([*call.passed.marks, self._mark(call.dialled)])))

    def _mark(self, dialled: str) -> str:
        return hmac.new(self._secret, dialled.encode(), hashlib.sha256).hexdigest()[:16]
