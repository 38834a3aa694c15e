"""Puts together the numbers behind which several extensions are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pbx.app.desk import phones_of
from pbx.call.ports import Rooms
from pbx.call.switch import Switch
from pbx.feature.extension import ExtensionCalls
from pbx.feature.office import Office
from pbx.feature.paging import Paging
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.media.tones import page_tone
from pbx.model.kinds import PAGING_GROUP, RING_GROUP

__all__ = ["build_groups"]


def build_groups(
    office: Office,
    extensions: ExtensionCalls,
    *,
    fairness: Fairness,
    rooms: Rooms,
    switch: Callable[[], Switch],
) -> tuple[RingGroups, Paging]:
    """`switch` is asked late: it is made after all features."""

    def busy(number: str) -> bool:
        return switch().is_busy(number)

    phones = partial(phones_of, office, extensions)
    return (
        RingGroups(
            partial(office.all, RING_GROUP),
            phones,
            busy=busy,
            fairness=fairness,
            redirect=extensions.redirect,
        ),
        Paging(partial(office.all, PAGING_GROUP), phones, busy=busy, rooms=rooms, tone=page_tone),
    )
