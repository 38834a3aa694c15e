"""Phones that seem to be gone: rung late, while others ring, and never waited for."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from pbx.model.leg_event import Answered, Progress, Refused
from tests.call.parts import PCMU, Office, sdp, settle
from tests.call.test_call import OFFER, Ring, everything_is_given_back, start

LATE_S = 0.05


def ring() -> Ring:
    router = Ring("sip:here", "sip:gone")
    router.targets[1] = replace(router.targets[1], delay_s=LATE_S)
    return router


async def test_it_rings_late_and_may_answer() -> None:
    office = Office(offer=OFFER)
    task = await start(office, ring())
    assert list(office.signaling.legs) == ["sip:here"]
    office.signaling.legs["sip:here"].tell(Progress(180))
    async with asyncio.timeout(3):
        while "sip:gone" not in office.signaling.legs:
            await asyncio.sleep(0.01)
    office.signaling.legs["sip:gone"].tell(Answered(sdp(PCMU)))
    await settle()
    assert office.call.a.answered
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    everything_is_given_back(office)


async def test_nobody_waits_for_it_when_the_others_refuse() -> None:
    office = Office(offer=OFFER)
    task = await start(office, ring())
    office.signaling.legs["sip:here"].tell(Refused(486, "Busy Here"))
    async with asyncio.timeout(3):
        await task
    assert list(office.signaling.legs) == ["sip:here"]
    assert office.cdr.disposition == "busy"
    everything_is_given_back(office)
