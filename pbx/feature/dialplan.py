"""The dial plan: what somebody dialled → the feature that runs the call.

Calls for help go before everything. Then feature codes, extensions, and the routes to outside numbers; anything else is
404. A caller from a trunk goes where the called number leads. Implements `call.ports.Router`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.inbound import InboundCalls
from pbx.feature.outside import OutsideCalls

Feature = Callable[[Call], Awaitable[None]]


class Dialplan:
    """Routes admitted calls. Without `inbound` and `outside` the office has no trunks."""

    def __init__(
        self,
        *,
        features: Mapping[str, Feature],
        directory: Directory,
        extensions: ExtensionCalls,
        inbound: InboundCalls | None = None,
        outside: OutsideCalls | None = None,
    ) -> None:
        self._features = features
        self._directory = directory
        self._extensions = extensions
        self._inbound = inbound
        self._outside = outside

    async def route(self, call: Call) -> None:
        """Run the call to its end. Raises `PeerError` 404 for a number nobody has."""
        if call.trunk is not None:
            await self._from_outside(call)
        elif not await self._inside(call, call.dialled) and not await self._to_outside(call):
            raise PeerError(404, "Not Found")

    async def _from_outside(self, call: Call) -> None:
        if self._inbound is None:
            raise PeerError(404, "Not Found")
        with self._inbound.channel(call):
            if not await self._inside(call, self._inbound.destination(call)):
                raise PeerError(404, "Not Found")

    async def _inside(self, call: Call, dialled: str) -> bool:
        """Whether the number is one of the office."""
        if self._outside is not None and self._outside.is_emergency(dialled):
            return False
        feature = self._features.get(dialled)
        if feature is not None:
            await feature(call)
            return True
        entry = self._directory.find(dialled)
        if entry is None or not entry.extension.enabled:
            return False
        await self._extensions.ring(call, entry.extension)
        return True

    async def _to_outside(self, call: Call) -> bool:
        """Whether a route takes the number. The caller is one of our extensions."""
        entry = self._directory.find(call.caller.extension or "")
        if self._outside is None or entry is None:
            return False
        if self._outside.is_emergency(call.dialled):
            await self._outside.call_for_help(call, entry.extension)
            return True
        return await self._outside.call(call, entry.extension)
