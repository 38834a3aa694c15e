"""What the tests of the edge share: a store of either kind, and a clock that they own."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from edge.offices import Offices
from edge.store import Store, open_store
from tests.edge.clock import TestClock
from tests.postgres import postgres_server

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The DSN of a server that is there as long as the tests of this process."""
    with postgres_server() as dsn:
        yield dsn


@pytest.fixture
def postgres_database(postgres: str) -> str:
    """The DSN of an empty database."""
    name = f"test_{next(_NUMBERS)}"
    subprocess.run(["psql", "-q", postgres, "-c", f"CREATE DATABASE {name}"], check=True)
    return postgres.replace("/postgres?", f"/{name}?")


@pytest.fixture(params=["sqlite", "postgres"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """An empty store; each test that takes it runs on both kinds."""
    where = (
        tmp_path / "edge.sqlite3"
        if request.param == "sqlite"
        else request.getfixturevalue("postgres_database")
    )
    opened = await open_store(where)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
async def offices(store: Store, clock: TestClock) -> Offices:
    return Offices(store, clock)
