"""A call to an extension: ring all its phones, join the one that answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.call.connect import connect
from pbx.call.ending import Ending
from pbx.core.errors import PeerError
from pbx.feature.registrar import Registrar
from pbx.model.call_event import CallRouted
from pbx.model.extension import Extension
from pbx.model.leg_event import LegCause
from pbx.model.party import DialTarget
from pbx.sip.message import ParseError
from pbx.sip.uri import SipUri


class ExtensionCalls:
    """Rings extensions. `is_ours` tells whether a host in a redirect means this node."""

    def __init__(self, registrar: Registrar, *, is_ours: Callable[[str], bool]) -> None:
        self._registrar = registrar
        self._is_ours = is_ours

    async def ring(self, call: Call, extension: Extension) -> None:
        """Ring, answer, talk; returns when the callee hung up. Raises `PeerError` when nobody answered."""
        call.record(
            CallRouted(
                call=call.id, at=call.now(), kind="extension", to=extension.number, to_name=extension.name
            )
        )
        targets = self._registrar.targets(extension.number)
        if not targets:
            call.end_with(Ending(LegCause.UNREACHABLE, 480))
            raise PeerError(480, "Temporarily Unavailable")
        await connect(call, targets, ring_timeout_s=extension.ring_timeout_s, redirect=self._redirect)

    def _redirect(self, contact: str) -> Sequence[DialTarget]:
        """Where a phone's 3xx leads: to one of our extensions, or straight to the address it names."""
        try:
            uri = SipUri.parse(contact)
        except ParseError:
            return ()
        if self._is_ours(uri.host):
            return self._registrar.targets(uri.user or "")
        return [
            DialTarget(
                uri=contact,
                to_uri=contact,
                transport=(uri.params.get("transport") or "UDP").upper(),
                label=uri.user or uri.host,
            )
        ]
