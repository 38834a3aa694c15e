"""Calls that the node starts itself: a program of their own says what happens, not what was dialled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pbx.call.call import Call
    from pbx.call.incoming import Incoming
    from pbx.call.ports import Router

__all__ = ["OwnProgram", "Program", "Starts"]

Program = Callable[["Call"], Awaitable[None]]


class Starts(Protocol):
    """Starts calls. Implemented by `pbx.call.switch`."""

    def admit(self) -> None:
        """Raises `PeerError` 503 when no more calls are taken."""
        ...

    def offered(self, incoming: Incoming, router: Router | None = None) -> Call: ...


class OwnProgram:
    """The router of such a call: its program first, and whatever the office does when somebody transfers."""

    def __init__(self, office: Router, program: Program) -> None:
        self._office = office
        self._program = program

    async def route(self, call: Call) -> None:
        await self._program(call)

    async def transfer(self, call: Call, transfer: object) -> None:
        await self._office.transfer(call, transfer)
