"""A call of an earlier process goes on: its legs, its record, and what it does for its party."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pbx.call.bridge import Bridge
from pbx.call.call import Call
from pbx.call.incoming import CallPorts, Incoming, Passed
from pbx.call.leg import CallLeg
from pbx.model.recording_event import INTERRUPTED, RecordingStarted, RecordingStopped

if TYPE_CHECKING:
    from pbx.call.kept import KeptCall

__all__ = ["close_recordings", "in_order", "revived", "talk_on"]


def revived(kept: KeptCall, ports: CallPorts, signal: Any, offer: bytes | None = None) -> Call:
    """The call, not yet running. `signal` is the dialog of the leg that it runs for; `offer` that of its INVITE, where
    it has not been answered.
    """
    incoming = Incoming(
        leg=signal,
        caller=kept.caller,
        dialled=kept.dialled,
        source=kept.source,
        source_host=kept.source_host,
        offer=offer,
        trunk=kept.trunk,
        diverted=kept.diverted,
        passed=Passed(kept.hops_left, kept.marks),
        codecs=kept.codecs,
        srtp=kept.srtp,
        withheld=kept.withheld,
    )
    call = Call(kept.id, incoming, ports, kept.events)
    call.legs_made = kept.legs_made
    call.priority = kept.priority
    call.values = dict(kept.values)
    return call


def close_recordings(call: Call) -> None:
    """What was being recorded ended with the process: the next part begins with the conversation."""
    going_on: list[str] = []
    for event in call.events:
        if isinstance(event, RecordingStarted):
            going_on.append(event.recording)
        elif isinstance(event, RecordingStopped) and event.recording in going_on:
            going_on.remove(event.recording)
    for each in going_on:
        call.record(RecordingStopped(call=call.id, at=call.now(), recording=each, reason=INTERRUPTED))


async def talk_on(call: Call, other: CallLeg) -> None:
    """The party and `other` hear each other again, as they did; returns when they no longer talk."""
    await Bridge(call, other, resumed=True).run()


def in_order(legs: Sequence[CallLeg], served: str) -> list[CallLeg]:
    """The leg that the call runs for first."""
    return sorted(legs, key=lambda leg: leg.name != served)
