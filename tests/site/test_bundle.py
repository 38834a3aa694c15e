"""What a browser loads before it shows anything stays small."""

from __future__ import annotations

import re
from pathlib import Path

from tests.site.script import BUILT, play
from tests.site.stage import staged


async def test_first_page_loads_at_most_200_kb_of_script(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        await play("first_load.mjs", stage.setup_url, cues={})


def test_page_needs_no_inline_script_and_no_other_host() -> None:
    page = (BUILT / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    for style in BUILT.glob("assets/*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:", style.read_text()), style.name
