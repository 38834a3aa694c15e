"""Everything is recorded while phones transfer, park and pick up: no moment in which two hear each other is missing.

The stories are those of the desk. Each link between two streams is compared with the recordings of the same stream, in
virtual time to the instant; in a storm, and with somebody hanging up at some message, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from pbx.core.tasks import Supervisor
from pbx.model.recording import RecordingSettings
from tests.fakes.clock import LoopClock
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.feature.recording.parts import Studio
from tests.stories.desk_office import NUMBERS, DeskOffice
from tests.stories.desk_stories import STORIES, Lost
from tests.stories.test_calls_at_the_desk import LONGEST_STORY_S, _at_message, _hangs_up

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


async def play(
    name: str, seed: int = 0, *, weather: Weather = CALM, calm: bool = True, cut: int | None = None
) -> int:
    loop = asyncio.get_running_loop()
    network = Network(loop.call_later, loop.time, seed=seed)
    async with Supervisor() as supervisor:
        office = DeskOffice(network, supervisor, seed=seed, calm=calm)
        studio = Studio(LoopClock(), RecordingSettings(calls="always"))
        switch = office.node.switch
        switch._ports = replace(switch._ports, conversations=studio.recordings)
        listener = Listener(office.node.media)
        await office.open(weather)
        before = len(network.log)
        if cut is not None:
            who = Random(cut * 1000 + seed).choice(NUMBERS[:3])
            _at_message(network, before + cut, partial(_hangs_up, office, who))
        try:
            async with asyncio.timeout(LONGEST_STORY_S):
                await STORIES[name](office)
        except (TimeoutError, Lost):
            assert not calm
        messages = len(network.log) - before
        await office.close()
        await asyncio.sleep(1)
    assert supervisor.failures == 0
    listener.assert_recorded(studio)
    studio.assert_clean()
    rows = list(studio.library.rows.values())
    known = {each.id for cdr in office.node.cdrs.values() for each in cdr.recordings}
    assert known == {each.id for each in rows}, "each call's record names its files"
    if calm:
        assert listener.links
        chains = {each.chain for each in rows}
        assert {chain for chain in chains if not any(each.id == chain for each in rows)} == set()
        if "attended" not in name:  # there the consultation is a chain of its own
            assert len(chains) == 1, f"one way through the office: {rows}"
    return messages


def run(name: str, seed: int = 0, **how: Any) -> int:
    try:
        return run_virtual(partial(play, name, seed, **how))
    except BaseException as error:
        error.add_note(f"{name}, seed {seed}, {how}")
        raise


@pytest.mark.parametrize("name", STORIES)
def test_no_moment_is_missing(name: str) -> None:
    run(name)


@pytest.mark.parametrize("name", FEW)
def test_a_storm_leaves_no_recording_open(name: str) -> None:
    run(name, 1, weather=STORM, calm=False)


@pytest.mark.parametrize("name", FEW)
def test_a_hang_up_at_some_points_leaves_no_recording_open(name: str) -> None:
    for cut in range(list(STORIES).index(name) % 23, run(name), 23):
        run(name, calm=False, cut=cut)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_many_storms_and_hang_ups(name: str) -> None:
    for seed in range(2, 20):
        run(name, seed, weather=STORM, calm=False)
    for cut in range(run(name)):
        run(name, calm=False, cut=cut)
