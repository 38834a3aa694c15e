"""What the tests of texts share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from edge.store import Store
from tests.edge.clock import TestClock
from tests.edge.texts.office import TextEdge, text_edge


@pytest.fixture
async def edge(store: Store, clock: TestClock) -> AsyncIterator[TextEdge]:
    async with text_edge(store, clock) as made:
        yield made
