"""What the API asks of the configuration bundle that the node follows."""

from __future__ import annotations

from typing import Protocol

from pbx.core.errors import UserError
from pbx.model.sync import SyncState

__all__ = ["NoSync", "SyncDesk"]


class SyncDesk(Protocol):
    """The configuration bundle that the node follows."""

    async def state(self) -> SyncState: ...

    async def check(self) -> SyncState:
        """Look now. Raises `UserError` 409 when it follows none."""
        ...

    async def roll_back(self) -> SyncState:
        """Raises `UserError` 409 when there is nothing to put back, 422 when the office would not be whole."""
        ...


class NoSync:
    """A place that follows no bundle."""

    async def state(self) -> SyncState:
        return SyncState()

    async def check(self) -> SyncState:
        raise UserError("this node follows no bundle", http_status=409)

    async def roll_back(self) -> SyncState:
        raise UserError("there is no bundle that can be rolled back", http_status=409)
