"""Codes that dial: the last number again, the last caller, speed dials, any number without showing one's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from pbx.call.call import Call
from pbx.core.errors import PeerError
from pbx.feature.answering import own_extension
from pbx.feature.directory import Directory
from pbx.feature.extension import Onward
from pbx.feature.features import Features
from pbx.model.speed_dial import SpeedDial
from pbx.store.cdrs import CdrStore

__all__ = ["DialAgain"]


class DialAgain:
    """`onward` sends a call to what an extension would reach by dialling. `ways` are further ways to dial a number that
    called: the forms in which people dial it.
    """

    def __init__(
        self,
        *,
        features: Features,
        directory: Directory,
        cdrs: CdrStore,
        speed_dials: Callable[[], Sequence[SpeedDial]],
        ways: Callable[[str], Sequence[str]] = lambda number: (number,),
    ) -> None:
        self.onward: Onward = _nowhere
        self._features = features
        self._directory = directory
        self._cdrs = cdrs
        self._speed_dials = speed_dials
        self._ways = ways

    async def redial(self, call: Call, _argument: str) -> None:
        """What this extension dialled last, unless that was a code that reaches nobody."""
        for dialled in await self._cdrs.last_dialled(own_extension(call)):
            code = self._features.find(dialled)
            if code is None or code.info.reaches:
                await self._go_on(call, (dialled,))
                return
        raise PeerError(404, "Nothing Dialled Yet")

    async def call_back(self, call: Call, _argument: str) -> None:
        """Who called this extension last, answered or not, and showed a number."""
        for number, dialled in await self._cdrs.last_callers(own_extension(call)):
            code = self._features.find(dialled)
            if code is None or code.info.name != "withhold_number":
                await self._go_on(call, self._ways(number))
                return
        raise PeerError(404, "Nobody Has Called Yet")

    async def speed_dial(self, call: Call, short: str) -> None:
        """The extension's own number under this short code, else the office's."""
        extension = own_extension(call)
        found = {each.extension: each for each in self._speed_dials() if each.code == short}
        entry = found.get(extension) or found.get(None)
        if entry is None:
            raise PeerError(404, "Not Found")
        await self._go_on(call, (entry.destination,))

    async def withhold(self, call: Call, number: str) -> None:
        """Dial without showing who calls."""
        own_extension(call)
        call.a.withheld = True
        await self._go_on(call, (number,))

    async def _go_on(self, call: Call, ways: Sequence[str]) -> None:
        entry = self._directory.find(own_extension(call))
        for number in ways:
            if entry is not None and await self.onward(call, number, entry.extension):
                return
        raise PeerError(404, "Not Found")


def _nowhere(*_: object) -> Awaitable[bool]:
    raise RuntimeError("nothing has been dialled before the dial plan was made")
