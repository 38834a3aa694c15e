"""Everything is recorded while phones transfer, park and pick up: no moment in which two hear each other is missing.

The stories are those of the desk. Each link between two streams is compared with the recordings of the same stream, in
virtual time to the instant; in a storm, and with somebody hanging up at some message, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from pbx.model.recording import RecordingSettings
from tests.fakes.clock import LoopClock
from tests.feature.recording.parts import Studio
from tests.stories.desk_office import DeskOffice
from tests.stories.desk_stories import STORIES
from tests.stories.telling import Telling

FEW = (
    "blind_by_callee",
    "blind_by_caller",
    "target_declines_callee",
    "comes_back_to_the_caller_who_left",
    "attended_by_callee",
    "attended_by_caller_on_the_consultation",
    "parked_and_fetched",
    "the_called_one_is_parked_and_fetched",
    "parked_and_returned",
    "picked_up_in_the_group",
    "an_invite_takes_the_place_of_a_dialog",
    "a_transfer_of_a_transfer",
)


@dataclass(slots=True)
class Linked:
    """Two streams that hear each other from `begun` to `ended`."""

    stream: str
    begun: float
    ended: float | None = None


class Listener:
    """Notes every link of the node's audio."""

    def __init__(self, media: Any) -> None:
        self.links: list[Linked] = []
        link, unlink = media.link, media.unlink
        loop = asyncio.get_running_loop()

        def linking(a: Any, b: Any, there: Mapping[int, int], back: Mapping[int, int]) -> None:
            if not any(each.stream == a.label and each.ended is None for each in self.links):
                self.links.append(Linked(a.label, loop.time()))
            link(a, b, there, back)

        def unlinking(a: Any) -> None:
            for each in self.links:
                if each.stream == a.label and each.ended is None:
                    each.ended = loop.time()
            unlink(a)

        media.link, media.unlink = linking, unlinking

    def assert_recorded(self, studio: Studio) -> None:
        """Each link lies within one recording of its stream."""
        for each in self.links:
            assert each.ended is not None
            assert any(
                writing.stream.label == each.stream
                and writing.begun <= each.begun
                and (writing.ended_at or 0) >= each.ended
                for writing in studio.engine.made
            ), f"not recorded: {each}"


@contextmanager
def recorded(office: DeskOffice, name: str) -> Iterator[None]:
    """All calls are, and what the recordings hold is compared with what was linked."""
    studio = Studio(LoopClock(), RecordingSettings(calls="always"))
    switch = office.node.switch
    switch._ports = replace(switch._ports, conversations=studio.recordings)
    listener = Listener(office.node.media)
    yield
    listener.assert_recorded(studio)
    studio.assert_clean()
    rows = list(studio.library.rows.values())
    known = {each.id for cdr in office.node.cdrs.values() for each in cdr.recordings}
    assert known == {each.id for each in rows}, "each call's record names its files"
    if office.calm:
        assert listener.links
        chains = {each.chain for each in rows}
        assert {chain for chain in chains if not any(each.id == chain for each in rows)} == set()
        if "attended" not in name:  # there the consultation is a chain of its own
            assert len(chains) == 1, f"one way through the office: {rows}"


TELLING = Telling(office=DeskOffice, stories=STORIES, around=recorded)


@pytest.mark.parametrize("name", STORIES)
def test_no_moment_is_missing(name: str) -> None:
    TELLING.calm(name)


@pytest.mark.parametrize("name", FEW)
def test_a_storm_leaves_no_recording_open(name: str) -> None:
    TELLING.storm(name, 1)


@pytest.mark.parametrize("name", FEW)
def test_a_hang_up_at_some_points_leaves_no_recording_open(name: str) -> None:
    TELLING.cut_at_some_points(name, 23)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_many_storms_and_hang_ups(name: str) -> None:
    for seed in range(2, 20):
        TELLING.storm(name, seed)
    TELLING.cut_at_every_point(name, seeds=1)
