"""Pickup: answer, from one's own phone, what rings at somebody else's."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Protocol

from pbx.call.call import Call
from pbx.call.leg import CallLeg
from pbx.core.errors import PeerError
from pbx.feature.transfer import pick_up
from pbx.model.extension import Extension
from pbx.model.ring_group import RingGroup

__all__ = ["PickUp"]


class Ringing(Protocol):
    """The calls that ring. Implemented by `pbx.call.switch`."""

    def ringing_at(self, extensions: Container[str]) -> tuple[Call, CallLeg] | None: ...


class PickUp:
    """Directed, or of one's groups: those with the same pickup group, and all members of one's ring groups."""

    def __init__(
        self,
        calls: Callable[[], Ringing],
        extensions: Callable[[], Sequence[Extension]],
        groups: Callable[[], Sequence[RingGroup]],
    ) -> None:
        self._calls = calls
        self._extensions = extensions
        self._groups = groups

    async def directed(self, call: Call, extension: str) -> None:
        """Answer what rings at this extension. Raises `PeerError` 404 when nothing does."""
        await self._pick(call, {extension})

    async def of_group(self, call: Call, _argument: str = "") -> None:
        """Answer what has rung longest in one's groups. Raises `PeerError` 404 when nothing rings there."""
        await self._pick(call, self.neighbours(call.party.extension or ""))

    def neighbours(self, number: str) -> set[str]:
        """Whose calls this extension may pick up by group."""
        all_of_us = self._extensions()
        mine = next((each.pickup_group for each in all_of_us if each.number == number), None)
        same = {each.number for each in all_of_us if mine is not None and each.pickup_group == mine}
        ringing = {member for group in self._groups() if number in group.members for member in group.members}
        return (same | ringing) - {number}

    async def _pick(self, call: Call, extensions: set[str]) -> None:
        if call.party.extension is None:
            raise PeerError(403, "Only Phones Of This Office")
        found = self._calls().ringing_at(extensions)
        if found is None:
            raise PeerError(404, "Nothing Rings There")
        await pick_up(call, found[0])
