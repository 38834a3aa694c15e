"""Puts together how extensions are reached: their phones, follow-me, waking, groups, and what they do at the desk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from pbx.app.desk import Desk, build_desk, phones_of
from pbx.app.ground import Ground
from pbx.app.lines import LineParts
from pbx.app.push import build_wake
from pbx.app.signaling import SignalingParts
from pbx.app.sounds import SoundParts
from pbx.app.ways import Ways
from pbx.call.ports import Rooms
from pbx.call.switch import Switch
from pbx.feature.extension import ExtensionCalls
from pbx.feature.follow_me import FollowMeCalls
from pbx.feature.office import Office
from pbx.feature.paging import Paging
from pbx.feature.ring_group import Fairness, RingGroups
from pbx.feature.wake import Wake
from pbx.media.tones import page_tone
from pbx.model.kinds import PAGING_GROUP, RING_GROUP
from pbx.transport.local_address import source_address

__all__ = ["ExtensionParts", "build_extensions"]


class ExtensionParts(msgspec.Struct, frozen=True, kw_only=True):
    """`calls` ring one extension, `groups` and `paging` several; `ways` is how the node calls them by itself."""

    calls: ExtensionCalls
    ways: Ways
    wake: Wake
    fairness: Fairness
    groups: RingGroups
    paging: Paging
    desk: Desk


def build_extensions(
    ground: Ground,
    office: Office,
    sip: SignalingParts,
    lines: LineParts,
    *,
    sounds: SoundParts,
    rooms: Rooms,
    switch: Callable[[], Switch],
) -> ExtensionParts:
    """`switch` is asked late: it is made after all features."""

    def busy(number: str) -> bool:
        return switch().is_busy(number)

    calls = ExtensionCalls(
        sip.registrar,
        is_ours=lambda host: host in (sip.external.address, source_address(host)),
        busy=busy,
        callers=lines.guarding.callers,
    )
    phones = partial(phones_of, office, calls)
    calls.follow = FollowMeCalls(
        phones, lines.outside, redirect=calls.redirect, question=sounds.question
    ).ring
    fairness = Fairness()
    return ExtensionParts(
        calls=calls,
        ways=Ways(office, calls, lines.outside, ground.config.country),
        wake=build_wake(ground, office, sip.registrar),
        fairness=fairness,
        groups=RingGroups(
            partial(office.all, RING_GROUP), phones, busy=busy, fairness=fairness, redirect=calls.redirect
        ),
        paging=Paging(partial(office.all, PAGING_GROUP), phones, busy=busy, rooms=rooms, tone=page_tone),
        desk=build_desk(office, sip.directory, calls, switch=switch),
    )
