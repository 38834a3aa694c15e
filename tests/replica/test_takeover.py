"""The old node comes back at each step of a takeover: there are never two offices, and nothing it was told is lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pbx.app import replica_ownership, replica_taking, replication, standby
from pbx.core.errors import StartupError
from pbx.core.secret import KEY_FILE
from pbx.store import replica_restore
from pbx.store.database import FILE_NAME
from pbx.store.litestream import LitestreamError
from tests.replica.conftest import litestream_program
from tests.replica.office import Office

Step = Callable[[], Awaitable[None]]
BEFORE, MORE = 20, 15


class Story:
    """An old office whose node has died, a new one that takes over, and steps between which something happens."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(replica_ownership, "START_ASK_S", 30.0)
        monkeypatch.setattr(replication, "OWNER_LOOK_S", 0.2)
        self._patch = monkeypatch
        self.old = Office(folder, litestream_program("0.5"))
        self.new = Office(folder, litestream_program("0.5"), name="new")
        self.came_back: list[bool] = []

    async def begin(self) -> None:
        async with self.old.running() as there:
            await self.old.write(BEFORE)
            await self.old.until(there, "running")
            assert (await there.drill()).faults == ()
        self.new.data.mkdir()
        key = self.new.data / KEY_FILE
        key.write_bytes((self.old.data / KEY_FILE).read_bytes())
        key.chmod(0o600)

    async def comes_back(self) -> None:
        """The old node starts, and writes if it may."""
        try:
            async with self.old.running() as there:
                await self.old.write(MORE)
                await self.old.until(there, "running")
                assert (await there.drill()).faults == ()
        except StartupError as error:
            if "has taken over this office" not in str(error):
                raise
            self.came_back.append(False)
        else:
            self.came_back.append(True)

    def before(self, module: Any, name: str, step: Step) -> None:
        """Once, before that function is called."""
        real, done = getattr(module, name), False

        async def first(*given: Any, **more: Any) -> Any:
            nonlocal done
            if not done:
                done = True
                await step()
            return await real(*given, **more)

        self._patch.setattr(module, name, first)

    async def take_over(self) -> None:
        await standby.take_over(self.new.config, replace_at=None, with_this_data=False, hook=None)

    def rows(self) -> int:
        """What the new node has."""
        with closing(sqlite3.connect(self.new.data / FILE_NAME)) as connection:
            found = connection.execute("SELECT count(*) FROM state WHERE key LIKE 'row %'").fetchone()
        return int(found[0])


@pytest.fixture
async def story(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Story:
    made = Story(tmp_path, monkeypatch)
    await made.begin()
    return made


async def test_before_the_mark_it_is_the_office_and_what_it_writes_is_taken_along(story: Story) -> None:
    story.before(replica_taking, "take", story.comes_back)
    await story.take_over()
    assert (story.came_back, story.rows()) == ([True], BEFORE + MORE)
    await story.comes_back()
    assert story.came_back == [True, False]


async def test_after_the_mark_it_does_not_come_back_though_nothing_is_in_place_yet(story: Story) -> None:
    story.before(replica_taking, "_last_words", story.comes_back)
    await story.take_over()
    assert (story.came_back, story.rows()) == ([False], BEFORE)


@pytest.mark.slow
async def test_one_that_runs_all_the_time_is_shut_out(story: Story) -> None:
    """Only cut off from its phones: it writes until the mark, and then no more."""
    async with story.old.running() as there:
        await story.old.until(there, "running")

        async def writes() -> None:
            await story.old.write(MORE)
            assert (await there.drill()).faults == ()

        story.before(replica_taking, "take", writes)
        await story.take_over()
        assert story.rows() == BEFORE + MORE
        await story.old.until(there, "fenced")


@pytest.mark.slow
async def test_a_takeover_that_breaks_off_after_the_mark_is_run_again(story: Story) -> None:
    async def breaks() -> None:
        await story.comes_back()
        raise LitestreamError("the network is gone")

    story.before(replica_taking, "take", story.comes_back)  # so that it is fetched twice
    calls = 0
    real = replica_restore.fetch_databases

    async def fetch(*given: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            await breaks()
        return await real(*given, **more)

    story._patch.setattr(replica_restore, "fetch_databases", fetch)
    with pytest.raises(StartupError, match="the network is gone"):
        await story.take_over()
    assert story.came_back == [True, False]
    assert not (story.new.data / FILE_NAME).exists()
    await story.take_over()
    assert story.rows() == BEFORE + MORE
    async with story.new.running() as there:
        await story.new.until(there, "running")
        assert there.state().generation == 2, "the mark of the first try counts"


@pytest.mark.slow
async def test_who_took_over_and_died_before_writing_hides_nothing(story: Story, tmp_path: Path) -> None:
    await story.take_over()
    third = Office(tmp_path, litestream_program("0.5"), name="third")
    third.data.mkdir()
    (third.data / KEY_FILE).write_bytes((story.old.data / KEY_FILE).read_bytes())
    (third.data / KEY_FILE).chmod(0o600)
    async with third.running() as there:
        await third.until(there, "running")
        assert there.state().generation == 3
    assert await asyncio.wait_for(third.restored_rows(3), 60) == BEFORE
