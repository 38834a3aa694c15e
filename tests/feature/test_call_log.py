"""Call records reach the store in order, together, and are not lost when it fails for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from pbx.core.events import EventBus
from pbx.feature import call_log
from pbx.feature.call_log import CallLog
from pbx.model.cdr import Cdr
from pbx.store.errors import StoreError


def cdr(call: str, disposition: str = "in_progress") -> Cdr:
    return Cdr(
        id=call,
        from_number="101",
        dialled="102",
        started_at=datetime(2026, 1, 1, tzinfo=UTC),
        disposition=disposition,
    )


def put(log: CallLog, call: str, disposition: str = "in_progress") -> None:
    log.put(call, lambda: cdr(call, disposition))


class Disk:
    """A store that can be broken."""

    def __init__(self) -> None:
        self.broken = False
        self.written: list[list[tuple[str, str]]] = []

    async def write(self, batch: Sequence[Cdr]) -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise StoreError("disk full")
        self.written.append([(each.id, each.disposition) for each in batch])


async def test_only_the_newest_state_of_a_call_is_written() -> None:
    disk = Disk()
    log = CallLog(disk.write, EventBus())
    put(log, "1")
    put(log, "2")
    put(log, "1", "answered")
    await log.flush()
    assert disk.written == [[("1", "answered"), ("2", "in_progress")]]


async def test_what_a_broken_disk_refuses_waits_and_a_newer_state_replaces_it() -> None:
    disk = Disk()
    log = CallLog(disk.write, EventBus())
    disk.broken = True
    put(log, "1")
    with pytest.raises(StoreError):
        await log.flush()
    put(log, "1", "answered")
    disk.broken = False
    await log.flush()
    assert disk.written == [[("1", "answered")]]


async def test_the_writer_goes_on_after_the_disk_is_well_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "RETRY_S", 0.01)
    monkeypatch.setattr(call_log, "GATHER_S", 0.0)
    disk = Disk()
    log = CallLog(disk.write, EventBus())
    disk.broken = True
    task = asyncio.get_running_loop().create_task(log.run())
    put(log, "1")
    await asyncio.sleep(0.02)
    assert disk.written == []
    disk.broken = False
    await asyncio.sleep(0.05)
    task.cancel()
    assert disk.written == [[("1", "in_progress")]]


async def test_the_memory_for_waiting_records_is_bounded_and_losses_are_counted() -> None:
    log = CallLog(Disk().write, EventBus(), limit=2)
    for call in "123":
        put(log, call)
    assert log.dropped == 1
