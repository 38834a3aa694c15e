"""Fetching a parked call and hanging up at the same moment: no leg is lost, whichever came first."""

from __future__ import annotations

import asyncio

import pytest

from pbx.call.call import Call
from pbx.call.incoming import Incoming
from pbx.call.transfer import Transfer
from pbx.feature.park import Parking
from pbx.model.leg_event import Answered, Ended, LegCause
from pbx.model.party import DialTarget, Party
from tests.call.parts import PCMU, Office, ScriptedLeg, sdp, settle, target
from tests.call.test_call import everything_is_given_back

OFFER = sdp(PCMU)


class Desk:
    """A router: one call parks itself in slot 1, the other fetches it."""

    def __init__(self, *, back: str = "") -> None:
        targets: list[DialTarget] = [target(back)] if back else []
        self.parking = Parking(lambda _number: targets, redirect=lambda _: (), return_after_s=0.02)

    async def route(self, call: Call) -> None:
        if call.dialled == "*681":
            await self.parking.fetch(call, "1")
        else:
            await self.parking.park(call, "1")

    async def transfer(self, call: Call, transfer: Transfer) -> None:
        raise NotImplementedError


async def parked(office: Office, desk: Desk) -> tuple[asyncio.Task[None], ScriptedLeg, Call]:
    """A call that waits, and another that is about to fetch it."""
    task = asyncio.ensure_future(office.call.run(desk))
    await settle()
    fetcher = ScriptedLeg("second")
    caller = Party("103", extension="103")
    second = Call(
        "call-2", Incoming(fetcher, caller, "*681", "udp:x:1", "127.0.0.1", offer=OFFER), office.ports
    )
    return task, fetcher, second


@pytest.mark.parametrize("steps", range(25))
@pytest.mark.parametrize("who", ["waits", "fetches"])
async def test_a_hang_up_at_any_moment_of_a_fetching_leaks_nothing(steps: int, who: str) -> None:
    office, desk = Office(offer=OFFER), Desk()
    task, fetcher, second = await parked(office, desk)
    fetching = asyncio.ensure_future(second.run(desk))
    for _ in range(steps):
        await asyncio.sleep(0)
    (office.caller if who == "waits" else fetcher).tell(Ended(LegCause.NORMAL))
    await settle()
    for each in (office.caller, fetcher):
        each.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(asyncio.gather(task, fetching), 1)
    everything_is_given_back(office)
    assert desk.parking.waiting() == []
    assert office.caller.ended
    assert fetcher.ended or fetcher.rejected


@pytest.mark.parametrize("steps", range(25))
async def test_a_parked_call_answered_and_fetched_at_once_goes_to_one(steps: int) -> None:
    office, desk = Office(offer=OFFER), Desk(back="sip:b")
    # nobody in particular parked it: the phone that rings is given by hand
    task, fetcher, second = await parked(office, desk)
    (waiting,) = desk.parking._parked.values()
    waiting.by = "102"
    while "sip:b" not in office.signaling.legs:
        await asyncio.sleep(0.005)
    b = office.signaling.legs["sip:b"]
    fetching = asyncio.ensure_future(second.run(desk))
    for _ in range(steps):
        await asyncio.sleep(0)
    b.tell(Answered(sdp(PCMU)))
    await settle()
    assert len(office.media.links) == 1, "the one who waited talks with one of them"
    assert bool(b.ended) != bool(fetcher.ended), "and the other was hung up, or told that nobody waits"
    for each in (office.caller, fetcher, b):
        each.tell(Ended(LegCause.NORMAL))
    await asyncio.wait_for(asyncio.gather(task, fetching), 1)
    everything_is_given_back(office)
