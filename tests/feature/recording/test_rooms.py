"""Recordings of conferences stand in the same list as those of calls, and take part in the quota."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from pbx.feature.recording.library import Disk
from pbx.feature.recording.rooms import RoomFile, RoomRecordings
from pbx.model.recording import Recording, RecordingSettings
from pbx.model.stream import RecordingEnded
from pbx.store.database import Database
from tests.feature.recording.test_library import GIB, Shelf


class Rooms:
    """A shelf, and what has been begun beside it."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.tasks: list[asyncio.Task[None]] = []
        self.rooms = RoomRecordings(
            shelf.library,
            settings=lambda: shelf.settings,
            clock=shelf.clock,
            spawn=self._spawn,
            new_id=iter(("one", "two")).__next__,
        )

    def _spawn(self, _: str, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    async def row(self, file: RoomFile) -> Recording:
        await asyncio.gather(*self.tasks)
        found = await self.shelf.store.get(file.id)
        assert found is not None
        return found


@pytest.fixture
def rooms(database: Database, tmp_path: Path) -> Rooms:
    return Rooms(Shelf(database, tmp_path))


def speak(path: Path, seconds: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16000 * seconds))


async def test_it_is_listed_from_its_beginning_and_expires(rooms: Rooms) -> None:
    rooms.shelf.settings = RecordingSettings(keep_days=30)
    file = await rooms.rooms.begin("700", "call-1")
    file.begun()
    row = await rooms.row(file)
    assert (row.state, row.left, row.right, row.call) == ("recording", "700", "", "call-1")
    speak(file.path, 3)
    file.ended(RecordingEnded("closed", 3000, file.path))
    row = await rooms.row(file)
    assert (row.state, row.duration_s, row.bytes) == ("complete", 3.0, file.path.stat().st_size)
    assert row.keep_until is not None
    assert (row.keep_until - rooms.shelf.clock.now()).days == 30
    assert rooms.shelf.library.used == row.bytes
    assert (rooms.shelf.folder / row.file).exists()


async def test_it_grows_into_the_quota_and_no_further(rooms: Rooms) -> None:
    rooms.shelf.settings = RecordingSettings(quota_gib=1)
    file = await rooms.rooms.begin("700", "call-1")
    file.begun()
    assert rooms.shelf.library.grows(file.id, GIB // 2)
    assert not rooms.shelf.library.grows(file.id, GIB)
    with pytest.raises(OSError, match="room they may"):
        await rooms.rooms.begin("701", "call-2")
    file.refused(OSError(28, "full"))


async def test_a_full_disk_refuses_and_tells_the_administrator(rooms: Rooms) -> None:
    rooms.shelf.disk = Disk(100 * GIB, 0)
    await rooms.shelf.library.sweep()
    with pytest.raises(OSError, match="full"):
        await rooms.rooms.begin("700", "call-1")
    assert [title for title, _ in rooms.shelf.notices] == ["Calls are not recorded"]


async def test_one_that_a_crash_has_cut_off_is_taken_in_even_without_its_row(rooms: Rooms) -> None:
    file = await rooms.rooms.begin("700", "call-1")
    speak(file.path, 2)
    rooms.shelf.library._growing.clear()  # another process, after the crash
    assert await rooms.shelf.library.adopt() == 1
    row = await rooms.row(file)
    assert (row.state, row.duration_s, row.left) == ("interrupted", 2.0, "700")
