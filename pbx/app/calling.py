"""Puts together what the node does with calls of its own accord: click to call, and listening to calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import msgspec

from pbx.app.office_settings import CurrentSettings
from pbx.call.talk import Sound
from pbx.core.ids import new_id
from pbx.feature.phone_first import ClickToCall, PhoneFirst
from pbx.feature.supervision import Supervision
from pbx.media.tones import joined_tone
from pbx.model.kinds import EXTENSION

if TYPE_CHECKING:
    from pbx.app.ground import Ground
    from pbx.app.sounds import SoundParts
    from pbx.call.ports import MeetingRooms, Router, Signaling
    from pbx.call.switch import Switch
    from pbx.feature.office import Office
    from pbx.feature.registrar import Registrar
    from pbx.model.party import DialTarget

__all__ = ["Calling", "build_calling"]


class _Phones(msgspec.Struct, frozen=True):
    """Implements `pbx.feature.phone_first.Phones`."""

    office: Office
    registrar: Registrar

    def extension(self, number: str) -> str | None:
        found = self.office.get(EXTENSION, number)
        return found.name if found is not None and found.enabled else None

    def phones(self, number: str) -> Sequence[DialTarget]:
        return self.registrar.targets(number)


class Calling(msgspec.Struct, frozen=True):
    """The parts, and the settings that they go by."""

    click_to_call: ClickToCall
    supervision: Supervision
    settings: CurrentSettings


def build_calling(
    ground: Ground,
    office: Office,
    registrar: Registrar,
    *,
    switch: Callable[[], Switch],
    router: Callable[[], Router],
    signaling: Signaling,
    rooms: MeetingRooms,
    sounds: SoundParts,
) -> Calling:
    """`switch` and `router` are asked late: they are made after all features."""
    settings = CurrentSettings(ground.stores.settings)
    first = PhoneFirst(switch, router, _Phones(office, registrar), signaling=signaling, new_id=new_id)

    async def notice() -> Sound | None:
        wanted = settings.now.supervision.notice
        if wanted == "nothing":
            return None
        said = await sounds.sounds.spoken("supervision_began") if wanted == "announcement" else None
        return said or Sound.of(joined_tone())

    return Calling(ClickToCall(first), Supervision(switch, first, rooms, notice), settings)
