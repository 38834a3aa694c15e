"""Flows as whole calls: in calm weather exactly as drawn; in a storm, and with a hang-up at every message, nothing is
left of them but closed records.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.stories.flow_office import FlowOffice
from tests.stories.flow_stories import STORIES
from tests.stories.telling import Telling

SEEDS = 2
MANY_SEEDS = 60
POINTS_APART = 7


@contextmanager
def nobody_waits(office: FlowOffice, _name: str) -> Iterator[None]:
    yield
    assert office.node.queues.line("700").entries == []


TELLING = Telling(office=FlowOffice, stories=STORIES, around=nobody_waits)


@pytest.mark.parametrize("name", STORIES)
def test_in_calm_weather_it_is_exactly_as_drawn(name: str) -> None:
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
