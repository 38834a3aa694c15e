"""What the API does with conferences and their members."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from pbx.core.errors import UserError

if TYPE_CHECKING:
    from pbx.model.conference_status import (
        ConferenceInvitation,
        ConferenceMember,
        ConferenceOrder,
        ConferenceStatus,
        InvitedMember,
        MemberOrder,
    )

__all__ = ["ConferenceControl", "NoConferences"]


class ConferenceControl(Protocol):
    """The conferences and their members. Everything raises `UserError` 404 for one that is not, 409 where somebody must
    be in it and nobody is.
    """

    def statuses(self) -> Sequence[ConferenceStatus]: ...

    def status(self, number: str) -> ConferenceStatus: ...

    async def order(self, number: str, order: ConferenceOrder) -> ConferenceStatus:
        """Raises `UserError` 503 when it cannot be recorded."""
        ...

    def end(self, number: str) -> None: ...

    def invite(self, number: str, invitation: ConferenceInvitation) -> InvitedMember:
        """Raises `UserError` 409 for a number that cannot be called, `PeerError` when no more calls are taken."""
        ...

    def order_member(self, number: str, member: int, order: MemberOrder) -> ConferenceMember: ...

    def remove(self, number: str, member: int) -> None: ...


class NoConferences:
    """A place without conferences."""

    def statuses(self) -> Sequence[ConferenceStatus]:
        return ()

    def status(self, number: str) -> ConferenceStatus:
        raise UserError(f"there is no conference {number}", http_status=404)

    async def order(self, number: str, _order: ConferenceOrder) -> ConferenceStatus:
        return self.status(number)

    def end(self, number: str) -> None:
        self.status(number)

    def invite(self, number: str, _invitation: ConferenceInvitation) -> InvitedMember:
        raise UserError(f"there is no conference {number}", http_status=404)

    def order_member(self, number: str, _member: int, _order: MemberOrder) -> ConferenceMember:
        raise UserError(f"there is no conference {number}", http_status=404)

    def remove(self, number: str, _member: int) -> None:
        self.status(number)
