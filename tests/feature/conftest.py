from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pbx.core.secret import SecretBox
from pbx.store.database import Database
from pbx.store.records import RecordStore
from tests.fresh import fresh


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await fresh(tmp_path / "x.sqlite3", poll_s=0) as opened:
        yield opened


@pytest.fixture
async def store(database: Database) -> RecordStore:
    return RecordStore(database, SecretBox(bytes(32)))
