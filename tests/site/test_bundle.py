"""What a browser loads before it shows anything stays small."""

from __future__ import annotations

import gzip
import re

from tests.site.script import BUILT

BUDGET_BYTES = 200 * 1024


def test_first_page_loads_at_most_200_kb_of_script() -> None:
    page = (BUILT / "index.html").read_text()
    scripts = re.findall(r'(?:src|href)="/([^"]+\.js)"', page)
    assert scripts
    sizes = {name: len(gzip.compress((BUILT / name).read_bytes(), 6)) for name in scripts}
    assert sum(sizes.values()) <= BUDGET_BYTES, sizes


def test_page_needs_no_inline_script_and_no_other_host() -> None:
    page = (BUILT / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
    for style in BUILT.glob("assets/*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:", style.read_text()), style.name
