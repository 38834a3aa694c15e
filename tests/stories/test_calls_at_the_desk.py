"""Transfers, parking and pickup as whole calls: in calm weather exactly as they should be, and in a storm, and with
somebody hanging up at every message of every story. Whatever happens, nothing is left but closed records.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random

import pytest

from pbx.core.tasks import Supervisor
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.control_stories import STORIES as FROM_THE_SITE
from tests.stories.desk_office import NUMBERS, DeskOffice
from tests.stories.desk_stories import STORIES as AT_THE_DESK
from tests.stories.desk_stories import Lost

SEEDS = 3
MANY_SEEDS = 100
POINTS_APART = 9
LONGEST_STORY_S = 300.0
STORIES = AT_THE_DESK | FROM_THE_SITE


async def play(
    name: str, seed: int = 0, *, weather: Weather = CALM, calm: bool = True, cut: int | None = None
) -> int:
    """One story, and what it leaves. With `cut`, somebody hangs up at that message. Returns how many there were."""
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=seed)
    async with Supervisor() as supervisor:
        office = DeskOffice(network, supervisor, seed=seed, calm=calm)
        await office.open(weather)
        before = len(network.log)
        telling = asyncio.ensure_future(_tell(office, name))
        if cut is not None:
            who = Random(cut * 1000 + seed).choice(NUMBERS[:3])
            _at_message(network, before + cut, partial(_hangs_up, office, who))
        try:
            async with asyncio.timeout(LONGEST_STORY_S):
                await telling
        except TimeoutError:
            assert not calm, "the story took too long"
        messages = len(network.log) - before
        await office.close()
    assert supervisor.failures == 0
    return messages


async def _tell(office: DeskOffice, name: str) -> None:
    try:
        await STORIES[name](office)
    except Lost:
        if office.calm:
            raise


def _at_message(network: Network, number: int, then: Callable[[], None]) -> None:
    """Call `then` when so many messages have been sent, just before the last of them arrives."""
    carry = network.carry

    def counting(data: bytes, hop: object, source: object) -> bool:
        if len(network.log) == number:
            asyncio.get_running_loop().call_soon(then)
        return carry(data, hop, source)  # type: ignore[arg-type]

    network.carry = counting  # type: ignore[method-assign]


def _hangs_up(office: DeskOffice, who: str) -> None:
    phone = office.phones[who]
    task = asyncio.ensure_future(phone.hang_up())
    phone.busy_with.add(task)
    task.add_done_callback(phone.busy_with.discard)


def run(name: str, seed: int = 0, **how: object) -> int:
    try:
        return run_virtual(partial(play, name, seed, **how))  # type: ignore[arg-type]
    except BaseException as error:
        error.add_note(f"{name}, seed {seed}, {how}")
        raise


@pytest.mark.parametrize("name", STORIES)
def test_in_calm_weather_it_is_exactly_so(name: str) -> None:
    run(name)


def _storm(name: str, seed: int) -> None:
    run(name, seed, weather=STORM, calm=False)


@pytest.mark.parametrize("name", STORIES)
def test_a_storm_leaves_nothing(name: str) -> None:
    for seed in range(SEEDS):
        _storm(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_many_storms_leave_nothing(name: str) -> None:
    for seed in range(SEEDS, MANY_SEEDS):
        _storm(name, seed)


@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_some_points_leaves_nothing(name: str) -> None:
    offset = list(STORIES).index(name) % POINTS_APART
    for cut in range(offset, run(name), POINTS_APART):
        run(name, calm=False, cut=cut)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_every_point_leaves_nothing(name: str) -> None:
    for cut in range(run(name)):
        for seed in range(4):
            run(name, seed, calm=False, cut=cut)
