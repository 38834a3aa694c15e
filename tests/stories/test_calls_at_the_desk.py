"""Transfers, parking and pickup as whole calls: in calm weather exactly as they should be, and in a storm, and with
somebody hanging up at every message of every story. Whatever happens, nothing is left but closed records.
"""

from __future__ import annotations

import pytest

from tests.stories.control_stories import STORIES as FROM_THE_SITE
from tests.stories.desk_office import DeskOffice
from tests.stories.desk_stories import STORIES as AT_THE_DESK
from tests.stories.odd_transfer_stories import STORIES as ODD_TRANSFERS
from tests.stories.telling import Telling

SEEDS = 3
MANY_SEEDS = 100
POINTS_APART = 9
STORIES = AT_THE_DESK | ODD_TRANSFERS | FROM_THE_SITE
TELLING = Telling(office=DeskOffice, stories=STORIES)


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
    TELLING.cut_at_every_point(name, seeds=4)
