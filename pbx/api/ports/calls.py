"""What the API does with calls that are going on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from pbx.core.errors import UserError

if TYPE_CHECKING:
    from pbx.model.live_call import LiveCall, ParkedCall
    from pbx.model.supervision import How, Supervised

__all__ = ["CallControl", "NoCalls"]


class CallControl(Protocol):
    """Does things with calls that are going on. Nothing waits: what comes of it is told by events."""

    def hang_up(self, call_id: str) -> bool:
        """False when there is no such call."""
        ...

    def transfer(self, call_id: str, leg: str, to: str) -> bool:
        """False when that call has no conversation to send on."""
        ...

    def parked(self) -> Sequence[ParkedCall]: ...

    def call(self, extension: str, to: str) -> LiveCall:
        """Raises `UserError` 404, 409, 503."""
        ...

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        """False when nobody of that name talks there."""
        ...

    def park(self, call_id: str, leg: str, slot: str) -> bool:
        """False when that call has no conversation. Raises `UserError` 409 for a slot that is taken."""
        ...

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        """Raises `UserError` 404, 409, 503."""
        ...


class NoCalls:
    """The control of a place that has no calls."""

    def hang_up(self, _call_id: str) -> bool:
        return False

    def transfer(self, _call_id: str, _leg: str, _to: str) -> bool:
        return False

    def parked(self) -> Sequence[ParkedCall]:
        return ()

    def call(self, extension: str, _to: str) -> LiveCall:
        raise UserError(f"there is no extension {extension}", http_status=404)

    def hold(self, _call_id: str, _leg: str, *, on: bool) -> bool:
        return False

    def park(self, _call_id: str, _leg: str, _slot: str) -> bool:
        return False

    def listen(
        self,
        call_id: str,
        _extension: str,
        _how: How,
        *,
        to: str | None = None,
        asked_by: str = "",
    ) -> Supervised:
        raise UserError(f"there is no call {call_id} going on", http_status=404)
