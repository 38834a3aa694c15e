"""Calls from outside: whose trunk, which number, and where that number leads.

A caller from a trunk proves nothing, and so reaches what the called number points to, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.numbering import to_e164
from pbx.feature.trunk_line import TrunkLine
from pbx.feature.trunks import Trunks
from pbx.model.inbound_number import InboundNumber
from pbx.model.party import Party
from pbx.sip.address import NameAddr
from pbx.sip.errors import ParseError
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.sip.uri import SipUri

__all__ = ["InboundCalls"]


class InboundCalls:
    """`numbers` are the office's; `country` is that of numbers without a country code."""

    def __init__(
        self, trunks: Trunks, numbers: Callable[[], Sequence[InboundNumber]], *, country: str
    ) -> None:
        self._trunks = trunks
        self._numbers = numbers
        self._country = country

    def trunk_of(self, request: Request, hop: Hop) -> TrunkLine | None:
        """The trunk that sends this request, None when it is no trunk's."""
        return self._trunks.calling(_user(request.uri), hop)

    def caller(self, request: Request) -> Party:
        """Who calls, as the provider says: the asserted identity before From (RFC 3325); E.164 where it is one."""
        asserted = request.headers.get("P-Asserted-Identity") or request.headers.get("Remote-Party-ID")
        address = request.from_
        if asserted and "id" not in (request.headers.get("Privacy") or "").split(";"):
            try:
                address = NameAddr.parse(asserted)
            except ParseError:
                address = request.from_
        number = _user(address.uri)
        if number.lower() in ("anonymous", "unknown", "restricted", ""):
            return Party("", address.display or "")
        return Party(to_e164(number, self._country) or number, address.display or request.from_.display or "")

    def called(self, line: TrunkLine, request: Request) -> str:
        """The number that was called: E.164, or as the provider wrote it when it is none."""
        text = line.called(
            _user(request.uri), _user(request.to.uri), request.headers.get("P-Called-Party-ID") or ""
        )
        return to_e164(text, self._country) or text

    def seize(self, call: Call) -> None:
        """Take a channel of the trunk that the call came over, for as long as the caller's leg lasts."""
        line = self._trunks.lines.get(call.trunk or "")
        if line is not None:
            call.a.on_close(line.seize())

    def destination(self, call: Call) -> str:
        """What an extension would dial to get where this call goes. Raises `PeerError` 404."""
        line = self._trunks.lines.get(call.trunk or "")
        for number in self._numbers():
            if number.number == call.dialled and number.trunk in (None, call.trunk):
                return number.destination
        if line is not None and line.trunk.destination is not None:
            return line.trunk.destination
        raise PeerError(404, "Not Found")


def _user(uri: str) -> str:
    try:
        return SipUri.parse(uri).user or ""
    except ParseError:
        return ""
