"""Calls from outside: whose trunk, which number, and where that number leads.

A caller from a trunk proves nothing, and so reaches what the called number points to, and nothing else. One from
another office of ours reaches the extensions as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.call.incoming import Incoming
from pbx.core.errors import PeerError
from pbx.feature.caller_id import read_caller, user_of
from pbx.feature.did import destination_of, number_of
from pbx.feature.diversion import read_diversions
from pbx.feature.numbering import is_outside, to_e164
from pbx.feature.passed_on import PassedOn
from pbx.feature.trunk_line import TrunkLine
from pbx.feature.trunks import Trunks
from pbx.model.inbound_number import InboundNumber
from pbx.model.party import Diversion
from pbx.sip.digest import claimed_username
from pbx.sip.hop import Hop
from pbx.sip.message import Request
from pbx.transport.sip_leg import SipLeg

__all__ = ["InboundCalls"]


class InboundCalls:
    """`numbers` are the office's; `country` is that of numbers without a country code."""

    def __init__(
        self,
        trunks: Trunks,
        numbers: Callable[[], Sequence[InboundNumber]],
        *,
        country: str,
        passed_on: PassedOn,
    ) -> None:
        self._passed_on = passed_on
        self._trunks = trunks
        self._numbers = numbers
        self._country = country

    def trunk_of(self, request: Request, hop: Hop) -> TrunkLine | None:
        """The trunk that sends this request, None when it is no trunk's. Another office is known by its user name,
        which it has still to prove."""
        name = claimed_username(request.headers.all("Authorization"))
        if name is not None:
            return self._trunks.account(name)
        return self._trunks.calling(user_of(request.uri), hop)

    def incoming(self, line: TrunkLine, leg: SipLeg) -> Incoming:
        """The call that this INVITE of a trunk starts. Raises `PeerError` 482, 483."""
        request = leg.request
        leg.credentials = line.credentials  # for a provider that asks who hangs up
        dialled = self.called(line, request)
        return Incoming(
            leg=leg,
            caller=read_caller(request, line.trunk, self._country),
            dialled=dialled,
            source=f"trunk:{line.trunk.id}",
            source_host=leg.hop.remote_host,
            offer=leg.offer,
            trunk=line.trunk.id,
            diverted=self._diverted(line, request),
            passed=self._passed_on.read(request, dialled, trusted=line.is_office),
            codecs=line.trunk.codecs,
        )

    def _diverted(self, line: TrunkLine, request: Request) -> tuple[Diversion, ...]:
        """Who sent the call on; extensions of another office under the numbers they have here."""
        found = read_diversions(request, self._country)
        if not line.is_office:
            return found
        prefix = line.trunk.callback_prefix
        return tuple(
            each if is_outside(each.number) else Diversion(f"{prefix}{each.number}", each.reason)
            for each in found
        )

    def called(self, line: TrunkLine, request: Request) -> str:
        """The number that was called: E.164, or as the provider wrote it when it is none."""
        text = line.called(
            user_of(request.uri), user_of(request.to.uri), request.headers.get("P-Called-Party-ID") or ""
        )
        if line.is_office:
            return text
        full = to_e164(text, self._country, plus_left_out=line.trunk.number_format == "e164")
        return full or text

    def seize(self, call: Call) -> None:
        """Take a channel of the trunk that the call came over, for as long as the caller's leg lasts.

        Raises `PeerError` 486 when another call has taken the last one since the door was passed.
        """
        line = self._trunks.lines.get(call.trunk or "")
        if line is not None:
            if not line.has_room:
                raise PeerError(486, "Busy Here")
            call.a.on_close(line.seize())

    def destination(self, call: Call) -> str:
        """What an extension would dial to get where this call goes. Raises `PeerError` 404."""
        line = self._trunks.lines.get(call.trunk or "")
        found = number_of(self._numbers(), call.dialled, call.trunk)
        if found is not None:
            call.priority = found.priority
            return destination_of(found, call.dialled)
        if line is not None and line.trunk.destination is not None:
            return line.trunk.destination
        raise PeerError(404, "Not Found")

    def is_from_office(self, call: Call) -> bool:
        """Whether the call comes from another office, and so may reach every extension."""
        line = self._trunks.lines.get(call.trunk or "")
        return line is not None and line.is_office
