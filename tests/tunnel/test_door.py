"""Who is not let into the tunnel is told so, whatever it shows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from edge.background import Background
from edge.clock import SystemClock
from edge.offices import Offices
from edge.store import Store, open_store
from edge.tunnel.door import Door
from tests.fakes.stranger import status_of_routes


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await open_store(tmp_path / "edge.sqlite3")
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "credential", [b"", b"Bearer", b"Bearer x.y", b"Bearer \xff.\xff", b"Bearer a\xed\xa0\x80"]
)
async def test_a_key_that_is_none_is_turned_away(store: Store, credential: bytes) -> None:
    hub: Any = None  # nobody comes so far
    clock = SystemClock()
    door = Door(Offices(store, clock), hub, Background(), clock)
    head = b"GET /tunnel HTTP/1.1\r\nHost: x\r\nAuthorization: " + credential + b"\r\n\r\n"
    assert await status_of_routes(door.routes(), head) == 401
