"""`legs_of(events)`: everybody who had a part in a call, in the order they came, each with who it was rung for.

That makes a tree. Its root is the caller; a phone that was rung hangs from the party it was rung for, so what a
transfer led to hangs from whoever stayed. A leg that came from another call, or went on in one, names that call.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from pbx.model.call_event import (
    CallEnded,
    CallEvent,
    CallOffered,
    LegAnswered,
    LegDialled,
    LegEnded,
    LegJoined,
    LegLeft,
    LegTransferred,
)
from pbx.model.cdr import CdrLeg

__all__ = ["legs_of"]


def legs_of(events: Iterable[CallEvent]) -> tuple[CdrLeg, ...]:
    """The legs of a call, from its events in their order. Each is there once and, when the call is over, has ended."""
    legs: dict[str, CdrLeg] = {}
    served = "a"

    def change(leg: str, **fields: object) -> None:
        if leg in legs:
            legs[leg] = msgspec.structs.replace(legs[leg], **fields)

    for event in events:
        if isinstance(event, CallOffered):
            legs["a"] = CdrLeg(
                leg="a", party=event.from_number, extension=event.from_extension, started_at=event.at
            )
        elif isinstance(event, LegDialled):
            legs[event.leg] = CdrLeg(
                leg=event.leg,
                party=event.target,
                extension=event.extension,
                rung_for=served,
                started_at=event.at,
            )
        elif isinstance(event, LegJoined):
            legs[event.leg] = CdrLeg(
                leg=event.leg,
                party=event.target,
                extension=event.extension,
                rung_for=served,
                from_call=event.from_call,
                started_at=event.at,
                answered_at=event.at,
            )
        elif isinstance(event, LegAnswered):
            change(event.leg, answered_at=event.at)
        elif isinstance(event, LegTransferred):
            served = event.stays
        elif isinstance(event, LegLeft):
            change(event.leg, to_call=event.to_call, ended_at=event.at, cause="transferred")
        elif isinstance(event, LegEnded):
            change(event.leg, ended_at=event.at, cause=event.cause)
        elif isinstance(event, CallEnded):
            for name, leg in legs.items():
                if leg.ended_at is None:
                    change(name, ended_at=event.at, cause=event.cause)
    return tuple(legs.values())
