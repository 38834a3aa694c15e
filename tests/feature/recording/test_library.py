"""The files: room, retention, deletion with its trail, and what a crash leaves."""

from __future__ import annotations

import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from pbx.core.errors import UserError
from pbx.core.events import EventBus
from pbx.feature.recording.library import RESERVE_BYTES, Disk, Library, file_name
from pbx.media.sound_length import sound_length_s
from pbx.model.recording import Recording, RecordingSettings
from pbx.model.stream import RecordingEnded
from pbx.store.database import Database
from pbx.store.recordings import RecordingFilter, RecordingStore

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GIB = 1024**3


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()


class Shelf:
    """A library with everything that it is given."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.clock = Clock()
        self.settings = RecordingSettings()
        self.disk = Disk(100 * GIB, 50 * GIB)
        self.notices: list[tuple[str, str]] = []
        self.store = RecordingStore(database)
        self.folder = folder / "recordings"
        self.library = Library(
            self.store,
            self.folder,
            settings=lambda: self.settings,
            clock=self.clock,
            bus=EventBus(),
            post=lambda kind, title, text, facts: self.notices.append((title, text)),
            length_s=sound_length_s,
            disk=lambda _: self.disk,
        )

    def row(self, number: int = 1, *, keep_days: int | None = None) -> Recording:
        id_ = f"call{number}-1"
        return Recording(
            id=id_,
            chain=id_,
            call=f"call{number}",
            part=1,
            left="101",
            right="+4930123456",
            file=file_name(self.clock.at, "101", "+4930123456", id_, "wav"),
            format="wav",
            started_at=self.clock.at,
            keep_days=keep_days,
        )

    async def recorded(
        self, number: int = 1, *, seconds: float = 1, keep_days: int | None = None
    ) -> Recording:
        """A recording that was made and has ended."""
        row = self.row(number, keep_days=keep_days)
        path = await self.library.place(row)
        write_wav(path, seconds)
        await self.library.opened(row)
        ended = RecordingEnded("closed", int(seconds * 1000), path)
        await self.library.closed(row, ended, paused_s=0)
        found = await self.store.get(row.id)
        assert found is not None
        return found

    async def there(self) -> set[str]:
        items, _ = await self.store.page(RecordingFilter(), limit=100)
        return {each.id for each in items}


def write_wav(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(4 * int(8000 * seconds)))


@pytest.fixture
def shelf(database: Database, tmp_path: Path) -> Shelf:
    return Shelf(database, tmp_path)


async def test_a_file_lies_in_the_folder_of_its_day_and_is_listed(shelf: Shelf) -> None:
    found = await shelf.recorded(keep_days=30)
    assert found.file == "2026/11/21/120000-101-+4930123456-call1-1.wav"
    assert (shelf.folder / found.file).stat().st_size == found.bytes == 44 + 32000
    assert (found.state, found.duration_s) == ("complete", 1.0)
    assert found.keep_until == NOW + timedelta(days=30)
    assert shelf.library.used == found.bytes
    assert shelf.library.growing == 0


async def test_what_a_name_may_not_have_is_not_in_it() -> None:
    name = file_name(NOW, "../../etc/x", "a-b c", "call-1", "opus")
    assert name == "2026/11/21/120000-______etc_x-a_b_c-call-1.opus"


async def test_what_has_expired_goes_and_its_row_says_why(shelf: Shelf) -> None:
    short, long_ = await shelf.recorded(1, keep_days=1), await shelf.recorded(2, keep_days=3)
    forever = await shelf.recorded(3)
    shelf.clock.at = NOW + timedelta(days=2)
    await shelf.library.sweep()
    assert await shelf.there() == {long_.id, forever.id}
    assert not (shelf.folder / short.file).exists()
    gone = await shelf.store.get(short.id)
    assert gone is not None
    assert (gone.state, gone.deleted_by, gone.deleted_at) == ("deleted", "retention", shelf.clock.at)
    shelf.clock.at = NOW + timedelta(days=4000)
    await shelf.library.sweep()
    assert await shelf.there() == {forever.id}
    assert shelf.library.used == forever.bytes


async def test_a_deletion_is_kept_with_who_did_it(shelf: Shelf) -> None:
    found = await shelf.recorded()
    await shelf.library.delete(found.id, "admin")
    assert not (shelf.folder / found.file).exists()
    items, total = await shelf.store.page(RecordingFilter(deleted=True), limit=10)
    assert (total, items[0].deleted_by, items[0].bytes) == (1, "admin", found.bytes)
    with pytest.raises(UserError, match="no recording"):
        await shelf.library.delete(found.id, "admin")
    await shelf.store.put(found)  # a late write of what it was
    assert await shelf.there() == set()


async def test_what_goes_on_cannot_be_deleted(shelf: Shelf) -> None:
    row = shelf.row()
    await shelf.library.place(row)
    await shelf.library.opened(row)
    with pytest.raises(UserError, match="goes on"):
        await shelf.library.delete(row.id, "admin")


async def test_a_full_quota_stops_recording_and_is_told_once(shelf: Shelf) -> None:
    shelf.settings = replace(shelf.settings, quota_gib=100_000 / GIB)
    await shelf.library.sweep()
    await shelf.recorded(1)
    row = shelf.row(2)
    await shelf.library.place(row)
    assert shelf.library.grows(row.id, 60_000)
    assert not shelf.library.grows(row.id, 68_000), "32,044 are there already"
    assert shelf.library.problem
    for _ in range(3):
        shelf.library.failed_with("quota")
    assert [title for title, _ in shelf.notices] == ["Calls are not recorded"]
    assert shelf.library.failed == 3


async def test_the_oldest_go_where_that_is_wanted(shelf: Shelf) -> None:
    shelf.settings = replace(shelf.settings, quota_gib=110_000 / GIB, when_full="delete_oldest")
    await shelf.library.sweep()
    for number in range(1, 5):
        shelf.clock.at = NOW + timedelta(hours=number)
        await shelf.recorded(number)
    assert not shelf.library.problem, "it goes on all the same"
    await shelf.library.sweep()
    assert await shelf.there() == {"call2-1", "call3-1", "call4-1"}
    gone = await shelf.store.get("call1-1")
    assert gone is not None
    assert gone.deleted_by == "quota"


async def test_a_nearly_full_disk_stops_recording_whatever_the_quota(shelf: Shelf) -> None:
    shelf.disk = Disk(100 * GIB, RESERVE_BYTES - 1)
    await shelf.library.sweep()
    assert shelf.library.problem == "the disk is full"
    assert not shelf.library.grows("any", 1)


async def test_a_forecast_and_its_alarm_once_a_day(shelf: Shelf) -> None:
    shelf.settings = replace(shelf.settings, quota_gib=32_044 * 14 / GIB)
    await shelf.library.sweep()
    for day in range(4):
        shelf.clock.at = NOW + timedelta(days=day)
        await shelf.recorded(day)
    shelf.clock.at = NOW + timedelta(days=4)
    storage = await shelf.library.storage()
    assert (storage.files, storage.used_bytes, storage.bytes_per_day) == (4, 4 * 32_044, 32_044)
    assert storage.full_in_days == 10
    await shelf.library.sweep()
    await shelf.library.sweep()
    assert [title for title, _ in shelf.notices] == ["Recordings will be full in 10 days"]
    shelf.clock.at += timedelta(days=1, minutes=1)
    await shelf.library.sweep()
    assert len(shelf.notices) == 2


async def test_what_a_crash_left_is_taken_in(shelf: Shelf) -> None:
    begun = shelf.row(1)
    write_wav(await shelf.library.place(begun), 2.5)
    await shelf.library.opened(begun)
    nameless = shelf.row(2)  # the crash came before its row was written
    write_wav(await shelf.library.place(nameless), 1.5)
    empty = shelf.row(3)
    (await shelf.library.place(empty)).write_bytes(b"")
    await shelf.library.opened(empty)
    gone = await shelf.recorded(4)
    await shelf.library.delete(gone.id, "admin")
    write_wav(shelf.folder / gone.file, 1)  # the crash came before it was deleted
    (shelf.folder / "2026/11/21/notes.txt").write_text("of somebody else")

    again = Shelf.__new__(Shelf)
    again.__dict__.update(shelf.__dict__)
    again.library = Library(
        shelf.store,
        shelf.folder,
        settings=lambda: RecordingSettings(keep_days=90),
        clock=shelf.clock,
        bus=EventBus(),
        post=lambda *_: None,
        length_s=sound_length_s,
        disk=lambda _: shelf.disk,
    )
    assert await again.library.adopt() == 3
    one, two, three = [await shelf.store.get(f"call{number}-1") for number in (1, 2, 3)]
    assert one is not None
    assert two is not None
    assert three is not None
    assert (one.state, one.duration_s, one.end_reason) == ("interrupted", 2.5, "interrupted")
    assert (two.state, two.duration_s, two.call, two.left) == ("interrupted", 1.5, "call2", "101")
    assert two.keep_until is not None
    assert three.state == "failed"
    assert not (shelf.folder / gone.file).exists()
    assert (shelf.folder / "2026/11/21/notes.txt").exists()
    assert again.library.used == one.bytes + two.bytes
    assert await again.library.adopt() == 0
