"""What the tests of texts share. On PostgreSQL they take their time: that is for the slow run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.store import Store, open_store
from tests.edge.clock import TestClock
from tests.edge.texts.office import TextEdge, text_edge


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store."""
    where = (
        tmp_path / "edge.sqlite3"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_database")
    )
    opened = await open_store(where)
    yield opened
    await opened.close()


@pytest.fixture
async def edge(store: Store, clock: TestClock) -> AsyncIterator[TextEdge]:
    async with text_edge(store, clock) as made:
        yield made
