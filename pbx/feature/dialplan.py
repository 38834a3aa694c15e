"""The dial plan: what somebody dialled → the feature that runs the call.

Feature codes first, then extensions; anything else is 404. Implements `call.ports.Router`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls

Feature = Callable[[Call], Awaitable[None]]


class Dialplan:
    """Routes admitted calls."""

    def __init__(
        self, *, features: Mapping[str, Feature], directory: Directory, extensions: ExtensionCalls
    ) -> None:
        self._features = features
        self._directory = directory
        self._extensions = extensions

    async def route(self, call: Call) -> None:
        """Run the call to its end. Raises `PeerError` 404 for a number nobody has."""
        feature = self._features.get(call.dialled)
        if feature is not None:
            await feature(call)
            return
        entry = self._directory.find(call.dialled)
        if entry is None or not entry.extension.enabled:
            raise PeerError(404, "Not Found")
        await self._extensions.ring(call, entry.extension)
