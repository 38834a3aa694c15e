"""What is over is gone at once: no circle of references waits for the garbage collector, which runs rarely here."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from pbx.model.leg_event import Answered, Ended, LegCause
from tests.call.parts import PCMU, sdp, settle
from tests.call.parts import Office as CallOffice
from tests.call.test_call import OFFER, Ring, start
from tests.fakes.virtual_loop import run_virtual
from tests.stories.office import Office, until_ended


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("by", ["caller", "callee", "office"])
async def test_a_call_that_is_over(by: str) -> None:
    office = CallOffice(offer=OFFER)
    task = await start(office, Ring("sip:b"))
    phone = office.signaling.legs["sip:b"]
    phone.tell(Answered(sdp(PCMU)))
    await settle()
    if by == "office":
        office.call.scope.end()
    else:
        (phone if by == "callee" else office.caller).tell(Ended(LegCause.NORMAL))
    await task
    call = ref(office.call)
    del office.call, task
    await settle()
    assert call() is None


@pytest.mark.parametrize("by", ["caller", "callee"])
def test_a_leg_that_is_over(by: str) -> None:
    async def main() -> None:
        office = Office()
        a, b = await office.call()
        ends, hears = (a, b) if by == "caller" else (b, a)
        await ends.end()
        await until_ended(hears)
        kept = [ref(a), ref(b)]
        del a, b, ends, hears
        await office.settle()
        assert [each() for each in kept] == [None, None]

    run_virtual(main)
