"""Puts together what phones do with calls at the desk: transfer, park, pick up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from pbx.call.switch import Switch
from pbx.core.errors import UserError
from pbx.feature.directory import Directory
from pbx.feature.extension import ExtensionCalls
from pbx.feature.features import Features
from pbx.feature.office import Office
from pbx.feature.park import Parking
from pbx.feature.phone_first import ClickToCall
from pbx.feature.pickup import PickUp
from pbx.feature.supervision import Supervision
from pbx.feature.transfer import Transfers
from pbx.model.kinds import EXTENSION, RING_GROUP
from pbx.model.live_call import LiveCall, ParkedCall
from pbx.model.party import DialTarget
from pbx.model.supervision import How, Supervised

__all__ = ["Control", "Desk", "build_desk", "phones_of"]

PARK_RETURN_S = 90.0


class Desk(msgspec.Struct, frozen=True):
    """The parts; their features are registered by name."""

    transfers: Transfers
    parking: Parking
    pick_up: PickUp

    def register(self, features: Features) -> None:
        """Let codes lead to what the desk can do."""
        features.register("pick_up", self.pick_up.directed)
        features.register("pick_up_group", self.pick_up.of_group)
        features.register("park", self.parking.park)
        features.register("park_slot", self.parking.dialled)


class Control(msgspec.Struct, frozen=True):
    """What the API does with calls that are going on."""

    switch: Switch
    parking: Parking
    click_to_call: ClickToCall | None = None
    supervision: Supervision | None = None

    def hang_up(self, call_id: str) -> bool:
        return self.switch.hang_up(call_id)

    def transfer(self, call_id: str, leg: str, to: str) -> bool:
        return self.switch.transfer(call_id, leg, to)

    def call(self, extension: str, to: str) -> LiveCall:
        if self.click_to_call is None:
            raise UserError("this node starts no calls", http_status=503)
        return self.click_to_call.call(extension, to).live.view()

    def hold(self, call_id: str, leg: str, *, on: bool) -> bool:
        return self.switch.hold(call_id, leg, on=on)

    def park(self, call_id: str, leg: str, slot: str) -> bool:
        if not self.parking.is_free(slot):
            raise UserError(
                f"slot {slot} is taken" if slot else "all slots are taken", http_status=409, path="$.slot"
            )
        return self.switch.transfer(call_id, leg, slot or "park", partial(self.parking.park, slot=slot))

    def listen(
        self, call_id: str, extension: str, how: How, *, to: str | None = None, asked_by: str = ""
    ) -> Supervised:
        if self.supervision is None:
            raise UserError("nobody can listen to calls here", http_status=503)
        return self.supervision.listen(call_id, extension, how, to=to, asked_by=asked_by)

    def parked(self) -> Sequence[ParkedCall]:
        return self.parking.waiting()


def build_desk(
    office: Office,
    directory: Directory,
    extensions: ExtensionCalls,
    *,
    switch: Callable[[], Switch],
) -> Desk:
    """`switch` is asked late: it is made after all features."""
    return Desk(
        transfers=Transfers(directory, switch),
        parking=Parking(
            partial(phones_of, office, extensions),
            redirect=extensions.redirect,
            return_after_s=PARK_RETURN_S,
        ),
        pick_up=PickUp(switch, partial(office.all, EXTENSION), partial(office.all, RING_GROUP)),
    )


def phones_of(office: Office, extensions: ExtensionCalls, number: str) -> list[DialTarget]:
    """The phones of an extension that takes calls now."""
    extension = office.get(EXTENSION, number)
    return extensions.targets(extension) if extension is not None and extension.enabled else []
