"""Real SQLite files, a clock that stands still."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pbx.core.secret import SecretBox
from pbx.store.database import Database
from tests.fakes.clock import FakeClock

BOX = SecretBox(bytes(range(32)))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def database(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "test.sqlite3", clock=clock, poll_s=0) as opened:
        yield opened
