"""Stories told to an office: in calm weather, in a storm, and with somebody hanging up at some message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from pbx.core.tasks import Supervisor
from tests.fakes.virtual_loop import run_virtual
from tests.fakes.wire import CALM, STORM, Network, Weather
from tests.stories.desk_office import NUMBERS, DeskOffice
from tests.stories.desk_stories import Lost

LONGEST_STORY_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`stories` of an `office`. One of `may_hang_up` does so at a message; `around` checks what a story leaves: it is
    entered with the office and the story's name before it is told, and left when the office is closed.
    """

    office: type[DeskOffice]
    stories: Mapping[str, Callable[[Any], Awaitable[None]]]
    may_hang_up: Sequence[str] = NUMBERS[:3]
    around: Callable[[Any, str], AbstractContextManager[None]] = lambda _office, _name: nullcontext()

    def calm(self, name: str) -> int:
        """Exactly as it should be. Returns how many messages there were."""
        return self._run(name, 0, CALM, calm=True, cut=None)

    def storm(self, name: str, seed: int) -> None:
        self._run(name, seed, STORM, calm=False, cut=None)

    def cut(self, name: str, at: int, seed: int = 0) -> None:
        """Somebody hangs up at that message."""
        self._run(name, seed, CALM, calm=False, cut=at)

    def cut_at_some_points(self, name: str, apart: int) -> None:
        """Each story at other ones."""
        for at in range(list(self.stories).index(name) % apart, self.calm(name), apart):
            self.cut(name, at)

    def cut_at_every_point(self, name: str, seeds: int) -> None:
        for at in range(self.calm(name)):
            for seed in range(seeds):
                self.cut(name, at, seed)

    def _run(self, name: str, seed: int, weather: Weather, *, calm: bool, cut: int | None) -> int:
        try:
            return run_virtual(partial(self._play, name, seed, weather, calm=calm, cut=cut))
        except BaseException as error:
            error.add_note(f"{name}, seed {seed}, {'calm' if calm else weather}, cut at {cut}")
            raise

    async def _play(self, name: str, seed: int, weather: Weather, *, calm: bool, cut: int | None) -> int:
        loop = asyncio.get_running_loop()
        network = Network(loop.call_later, loop.time, seed=seed)
        async with Supervisor() as supervisor:
            office = self.office(network, supervisor, seed=seed, calm=calm)
            with self.around(office, name):
                await office.open(weather)
                before = len(network.log)
                if cut is not None:
                    who = Random(cut * 1000 + seed).choice(self.may_hang_up)
                    _at_message(network, before + cut, partial(_hangs_up, office, who))
                await self._tell(office, name)
                messages = len(network.log) - before
                await office.close()
                await asyncio.sleep(1)  # what is written to the disk meanwhile
        assert supervisor.failures == 0
        return messages

    async def _tell(self, office: DeskOffice, name: str) -> None:
        try:
            async with asyncio.timeout(LONGEST_STORY_S):
                await self.stories[name](office)
        except TimeoutError:
            assert not office.calm, "the story took too long"
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
