"""Transfers, and INVITEs that take the place of a dialog: who may, and whom they lead to (RFC 5589, RFC 3891).

A blind transfer goes where dialling the number would lead whoever transfers: its rights count. An attended one names
the dialog of the consultation: whom that phone talks with there comes into the call of the one who waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol

from pbx.call.call import Call
from pbx.call.connect import join
from pbx.call.connected import identity_of, tell
from pbx.call.ending import Ending
from pbx.call.leg import CallLeg
from pbx.call.transfer import Transfer, take_over
from pbx.core.errors import PeerError
from pbx.feature.directory import Directory
from pbx.model.extension import Extension
from pbx.model.leg_event import DialogName, LegCause

__all__ = ["Calls", "Transfers", "pick_up"]

FREE_AGAIN_S = 0.2
"""A phone with one line is busy until it has seen that its call was cancelled."""

Onward = Callable[[Call, str, Extension], Awaitable[bool]]


class Calls(Protocol):
    """The calls that go on. Implemented by `pbx.call.switch`."""

    def find(self, dialog: DialogName) -> tuple[Call, CallLeg] | None: ...


class Transfers:
    """`calls` is asked late, since the switch is made last."""

    def __init__(self, directory: Directory, calls: Callable[[], Calls]) -> None:
        self._directory = directory
        self._calls = calls

    async def run(self, call: Call, transfer: Transfer, onward: Onward) -> None:
        """Run the call on for the party that stays. Raises `PeerError` when nobody can be reached."""
        entry = self._directory.find(transfer.rights or "")
        if entry is None:
            raise PeerError(403, "Only Phones Of This Office Transfer")
        to = transfer.to
        if transfer.replaces is not None:
            consultation, own = self._found(transfer.replaces)
            if consultation is call:
                raise PeerError(482, "A Call Cannot Join Itself")
            if own.party.extension != entry.extension.number:
                raise PeerError(403, "Not Your Call")
            partner = _partner(consultation, own)
            if partner is not None and transfer.replaces.early_only:
                raise PeerError(486, "Answered Meanwhile")  # RFC 3891 3
            if partner is not None:
                await join(call, await take_over(call, partner, consultation))
                return
            to = (
                consultation.dialled
            )  # it still rings there, or is a menu: it is dialled again for the one who stays
            consultation.hang_up(Ending(LegCause.TRANSFERRED, by=own.name))
            await consultation.over()
            await asyncio.sleep(FREE_AGAIN_S)
        if not await onward(call, to, entry.extension):
            raise PeerError(404, "Not Found")

    async def replace(self, call: Call, dialog: DialogName) -> None:
        """An INVITE with Replaces: its caller talks with whom that dialog talked with, or takes what rings there."""
        if call.party.extension is None:
            raise PeerError(403, "Only Phones Of This Office")
        other, leg = self._found(dialog)
        if not leg.answered:
            if leg is other.served:  # it calls, and only who is called may be replaced so early (RFC 3891 3)
                raise PeerError(481, "Call/Transaction Does Not Exist")
            await pick_up(call, other)
            return
        partner = _partner(other, leg)
        if partner is None or dialog.early_only:
            raise PeerError(486, "Busy Here")
        await join(call, await take_over(call, partner, other))

    def _found(self, dialog: DialogName) -> tuple[Call, CallLeg]:
        found = self._calls().find(dialog)
        if found is None:
            raise PeerError(481, "Call/Transaction Does Not Exist")
        return found


async def pick_up(call: Call, ringing: Call) -> None:
    """Answer what rings elsewhere: the caller of `call` becomes the one who answers. Raises `PeerError` 481."""
    fork = ringing.ringing
    if fork is None or ringing is call:
        raise PeerError(481, "Nothing Rings There")
    tell(call.a, identity_of(call.ports, ringing.a))
    await call.answer_caller(call.formats_for(ringing.onward_formats()))
    call.surrender(call.a, ringing, partial(fork.pick_up, from_call=call.id))


def _partner(call: Call, leg: CallLeg) -> CallLeg | None:
    """Whom a leg talks with."""
    pair = call.talking
    if pair is None or leg not in pair:
        return None
    return pair[1] if leg is pair[0] else pair[0]
