"""The clock of these tests begins at noon in New York; the office is open.

They run on SQLite; those that are about several who write at once ask for `both`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.store import Store, open_store
from tests.edge.campaigns.office import NOON_NEW_YORK_MS, Edge
from tests.edge.clock import TestClock
from tests.edge.texts.carrier import Carrier


@pytest.fixture
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """No power is cut in these tests, so nothing waits for the disk."""
    on_postgres = getattr(request, "param", "sqlite") == "postgres"
    store = await open_store(
        request.getfixturevalue("postgres_database") if on_postgres else tmp_path / "edge.sqlite3"
    )
    if not on_postgres:
        await store.run("PRAGMA synchronous = OFF")
    yield store
    await store.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock(NOON_NEW_YORK_MS)


@pytest.fixture
def carrier(clock: TestClock) -> Carrier:
    return Carrier(clock)


@pytest.fixture
async def edge(store: Store, clock: TestClock, carrier: Carrier) -> Edge:
    edge = Edge(store, clock, carrier)
    await edge.open()
    return edge
