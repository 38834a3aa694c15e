"""Whom phones show in whole calls: in calm weather exactly who is there; in a storm, and with a hang-up at some
messages, nothing is left but closed records.
"""

from __future__ import annotations

import asyncio

import pytest

from pbx.model.party import Party
from pbx.transport.leg_core import MAX_DATAGRAM
from tests.fakes.virtual_loop import run_virtual
from tests.stories.group_office import GroupOffice
from tests.stories.office import ANSWER, ANSWER_2, OFFER_2, Office
from tests.stories.shown_stories import STORIES
from tests.stories.telling import Telling

SEEDS = 3
POINTS_APART = 9
TELLING = Telling(office=GroupOffice, stories=STORIES)


@pytest.mark.parametrize("name", STORIES)
def test_in_calm_weather_it_is_exactly_so(name: str) -> None:
    TELLING.calm(name)


@pytest.mark.parametrize("name", STORIES)
def test_a_storm_leaves_nothing(name: str) -> None:
    for seed in range(SEEDS):
        TELLING.storm(name, seed)


@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_some_points_leaves_nothing(name: str) -> None:
    TELLING.cut_at_some_points(name, POINTS_APART)


def test_a_reinvite_names_the_party_and_forgets_one_who_left() -> None:
    async def story() -> None:
        office = Office()
        a, b = await office.call()
        a.peer_updates = False

        async def invite(offer: bytes) -> bytes:
            before = len(office.network.log)

            async def answer() -> None:
                await b.receive()
                await b.answer(ANSWER_2)

            await asyncio.gather(a.reoffer(offer), answer())
            return next(each.data for each in office.network.log[before:] if each.data.startswith(b"INVITE"))

        a.show(Party("103", 'Carol "C"\r\nX: y'))
        said = b'P-Asserted-Identity: "Carol \\"C\\" X: y" <sip:103@10.0.0.1>\r\n'
        assert said in await invite(OFFER_2)
        a.show(None)
        assert b"P-Asserted-Identity" not in await invite(OFFER_2.replace(b"o=- 1 2", b"o=- 1 3"))
        await a.end()
        await office.settle()

    run_virtual(story)


@pytest.mark.parametrize(("more", "named"), [(0, True), (600, False)])
def test_an_answer_that_would_need_two_datagrams_names_nobody(more: int, named: bool) -> None:
    async def story() -> None:
        office = Office()
        a = office.alice.dial(office.bob)
        b = await office.bob.incoming.get()
        b.show(Party("102", "B" * 80))
        answering = asyncio.ensure_future(b.answer(ANSWER + b"a=x:" + b"y" * more + b"\r\n"))
        await a.receive()
        await answering
        (ok,) = [each.data for each in office.network.log if each.data.startswith(b"SIP/2.0 200")]
        assert (b"P-Asserted-Identity" in ok) is named
        assert len(ok) <= MAX_DATAGRAM
        await a.end()
        await office.settle()

    run_virtual(story)
