"""Paging groups: the phones of several extensions as one loudspeaker, or as one room in which everybody may talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pbx.call.call import Call
from pbx.call.page import Page
from pbx.call.ports import Prompt, Rooms
from pbx.core.errors import PeerError
from pbx.feature.intercom import answering_itself
from pbx.model.call_event import CallRouted
from pbx.model.paging_group import PagingGroup
from pbx.model.party import DialTarget

__all__ = ["Paging"]


class Paging:
    """`groups` are the office's. `targets` gives an extension's phones, none for one that takes no calls now; `busy`
    says who is in a call.
    """

    def __init__(
        self,
        groups: Callable[[], Sequence[PagingGroup]],
        targets: Callable[[str], Sequence[DialTarget]],
        *,
        busy: Callable[[str], bool],
        rooms: Rooms,
        tone: Callable[[], Prompt],
    ) -> None:
        self._groups = groups
        self._targets = targets
        self._busy = busy
        self._rooms = rooms
        self._tone = tone

    def find(self, number: str) -> PagingGroup | None:
        return next((each for each in self._groups() if each.number == number), None)

    async def page(self, call: Call, group: PagingGroup) -> None:
        """Returns when the announcement is over. Raises `PeerError` 480 when no phone can be spoken to."""
        call.record(
            CallRouted(call=call.id, at=call.now(), kind="paging_group", to=group.number, to_name=group.name)
        )
        targets = [phone for member in group.members for phone in self._phones(call, group, member)]
        if not targets:
            raise PeerError(480, "Nobody To Page")
        page = Page(call, self._rooms, muted=not group.two_way)
        tone = self._tone() if group.tone_before else None
        await page.run(answering_itself(targets), tone=tone, longest_s=group.longest_s)

    def _phones(self, call: Call, group: PagingGroup, member: str) -> list[DialTarget]:
        if member == call.party.extension or (group.skip_busy and self._busy(member)):
            return []
        return [each for each in self._targets(member) if not (each.delay_s or each.asleep)]
