"""A short day of a small office leaves nothing in the node. The long one: `python -m tests.live.office_day`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.node import running
from tests.live.office_day import day_node, live_a_day


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_day_leaves_only_its_records(tmp_path: Path) -> None:
    async with running(day_node(tmp_path, 12)) as node:
        day = await live_a_day(node, seed=7, seconds=40, phones=12)
    assert day.counts["calls answered, for the caller"] > 10
    assert not day.wrong, day.table()
