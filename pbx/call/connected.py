"""Connected identity: a phone of this office shows who it really talks with, whatever its owner has dialled.

RFC 3325 and 5876: P-Asserted-Identity in answers and in requests inside a dialog. Only phones of this office are told,
so nothing of this ever goes to a trunk, and nobody is named who withholds the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from pbx.model.party import Party

if TYPE_CHECKING:
    from pbx.call.incoming import CallPorts
    from pbx.call.leg import CallLeg

__all__ = ["identity_of", "introduce", "ring_at", "tell"]


def identity_of(ports: CallPorts, leg: CallLeg) -> Party | None:
    """What a phone of this office may show of who is there; None: nothing."""
    party = leg.shown
    if leg.undisclosed or not party.number:
        return None
    if party.name or party.extension is None:
        return party
    return replace(party, name=ports.name_of(party.extension))


def introduce(ports: CallPorts, a: CallLeg, b: CallLeg) -> None:
    """Two are about to talk: each of their phones shows the other."""
    tell(a, identity_of(ports, b))
    tell(b, identity_of(ports, a))


def ring_at(ports: CallPorts, caller: CallLeg, extension: str) -> None:
    """All that rings for the caller are phones of one extension; one that has been answered shows whom it knows."""
    if not caller.answered:
        tell(caller, Party(extension, ports.name_of(extension), extension=extension))


def tell(leg: CallLeg, party: Party | None) -> None:
    """Let the phone of a leg show whom it talks with, where it is one of this office and does not show that already."""
    if leg.party.extension is not None and leg.told != party:
        leg.told = party
        leg.dialog.show(party)
