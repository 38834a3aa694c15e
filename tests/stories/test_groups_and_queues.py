"""Ring groups, a queue with three agents, forwarding, follow-me and call waiting as whole calls: in calm weather
exactly as they should be; in a storm, and with a hang-up at every message, nothing is left but closed records.
"""

from __future__ import annotations

import asyncio
from functools import partial
from random import Random

import pytest

from pbx.core.tasks import Supervisor
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.desk_office import NUMBERS
from tests.stories.desk_stories import Lost
from tests.stories.group_office import GroupOffice
from tests.stories.group_stories import STORIES
from tests.stories.test_calls_at_the_desk import LONGEST_STORY_S, _at_message, _hangs_up

SEEDS = 1
MANY_SEEDS = 60
POINTS_APART = 15


async def play(
    name: str, seed: int = 0, *, weather: Weather = CALM, calm: bool = True, cut: int | None = None
) -> int:
    """One story, and what it leaves. With `cut`, somebody hangs up at that message. Returns how many there were."""
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=seed)
    async with Supervisor() as supervisor:
        office = GroupOffice(network, supervisor, seed=seed, calm=calm)
        await office.open(weather)
        before = len(network.log)
        telling = asyncio.ensure_future(_tell(office, name))
        if cut is not None:
            who = Random(cut * 1000 + seed).choice(NUMBERS)
            _at_message(network, before + cut, partial(_hangs_up, office, who))
        try:
            async with asyncio.timeout(LONGEST_STORY_S):
                await telling
        except TimeoutError:
            assert not calm, "the story took too long"
        messages = len(network.log) - before
        await office.close()
        assert office.node.queues.line("700").entries == []
        assert office.node.queues.agents._seats == {}, "an agent is still busy"
    assert supervisor.failures == 0
    return messages


async def _tell(office: GroupOffice, name: str) -> None:
    try:
        await STORIES[name](office)
    except Lost:
        if office.calm:
            raise


def run(name: str, seed: int = 0, **how: object) -> int:
    try:
        return run_virtual(partial(play, name, seed, **how))  # type: ignore[arg-type]
    except BaseException as error:
        error.add_note(f"{name}, seed {seed}, {how}")
        raise


@pytest.mark.parametrize("name", STORIES)
def test_in_calm_weather_it_is_exactly_so(name: str) -> None:
    run(name)


@pytest.mark.parametrize("name", STORIES)
def test_a_storm_leaves_nothing(name: str) -> None:
    for seed in range(SEEDS):
        run(name, seed, weather=STORM, calm=False)


@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_some_points_leaves_nothing(name: str) -> None:
    offset = list(STORIES).index(name) % POINTS_APART
    for cut in range(offset, run(name), POINTS_APART):
        run(name, calm=False, cut=cut)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_many_storms_leave_nothing(name: str) -> None:
    for seed in range(SEEDS, MANY_SEEDS):
        run(name, seed, weather=STORM, calm=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_every_point_leaves_nothing(name: str) -> None:
    for cut in range(run(name)):
        for seed in range(3):
            run(name, seed, calm=False, cut=cut)
