"""A member's call is gone when it is over: no circle of references waits for the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from weakref import ref

import pytest

from tests.feature.conference.parts import Place, conference, later, story


@pytest.fixture(autouse=True)
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@story(conference(announce="name", record=True))
async def test_who_hangs_up(place: Place) -> None:
    guests = [place.arrives("101"), place.arrives("102")]
    await later(15)
    assert all(each.inside for each in guests)
    guests[0].press("*1*2")
    await later(10)
    kept = ref(guests[0].call)
    guests.pop(0).hang_up()
    await later(3)
    assert kept() is None


@story()
async def test_who_is_removed(place: Place) -> None:
    guests = await place.inside("101", "102")
    kept = ref(guests[1].call)
    place.conferences.remove("700", 2)
    await later(4)
    del guests[1]
    assert kept() is None


@story()
async def test_who_was_called_in(place: Place) -> None:
    place.conferences.calls("700", "102", None)
    await later(1)
    guests = [place.answer("102")]
    await later(3)
    kept = ref(guests[0].call)
    guests.pop().hang_up()
    await later(3)
    assert kept() is None
