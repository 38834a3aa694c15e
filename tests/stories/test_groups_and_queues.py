"""Ring groups, a queue with three agents, forwarding, follow-me and call waiting as whole calls: in calm weather
exactly as they should be; in a storm, and with a hang-up at every message, nothing is left but closed records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stories.desk_office import NUMBERS
from tests.stories.group_office import GroupOffice
from tests.stories.group_stories import STORIES
from tests.stories.telling import Telling

SEEDS = 1
MANY_SEEDS = 60
POINTS_APART = 15


@contextmanager
def nobody_waits(office: GroupOffice, _name: str) -> Iterator[None]:
    yield
    assert office.node.queues.line("700").entries == []
    assert office.node.queues.agents._seats == {}, "an agent is still busy"


TELLING = Telling(office=GroupOffice, stories=STORIES, may_hang_up=NUMBERS, around=nobody_waits)


@pytest.mark.parametrize("name", STORIES)
def test_in_calm_weather_it_is_exactly_so(name: str) -> None:
    TELLING.calm(name)


@pytest.mark.parametrize("name", STORIES)
def test_a_storm_leaves_nothing(name: str) -> None:
    for seed in range(SEEDS):
        TELLING.storm(name, seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_many_storms_leave_nothing(name: str) -> None:
    for seed in range(SEEDS, MANY_SEEDS):
        TELLING.storm(name, seed)


@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_some_points_leaves_nothing(name: str) -> None:
    TELLING.cut_at_some_points(name, POINTS_APART)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_hang_up_at_every_point_leaves_nothing(name: str) -> None:
    TELLING.cut_at_every_point(name, seeds=3)
