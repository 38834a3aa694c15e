"""The pages of records against the real application: made, found, changed by two people, deleted and brought back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.script import BUILT, play
from tests.site.stage import staged

pytestmark = pytest.mark.timeout(300)


async def test_records_are_made_changed_by_two_and_deleted_with_undo(tmp_path: Path) -> None:
    async with staged(tmp_path, site=BUILT) as stage:
        await stage.extension("101", "Alice")
        await stage.extension("102", "Bob")
        await play("records.mjs", stage.setup_url, cues={})
