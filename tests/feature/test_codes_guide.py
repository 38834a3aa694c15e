"""The guide's table of codes is the program's."""

from __future__ import annotations

from pathlib import Path

from pbx.model.feature import FEATURES

GUIDE = Path(__file__).parents[2] / "pbx" / "docs" / "guide" / "codes.md"


def test_the_guide_lists_the_codes_that_an_office_has_from_the_start() -> None:
    rows = [line.split("|")[1:4] for line in GUIDE.read_text().splitlines() if line.startswith("| `")]
    wanted = [
        [", ".join(f"`{code}`" for code in each.codes), each.title, f"`{each.name}`"] for each in FEATURES
    ]
    assert [[cell.strip() for cell in row] for row in rows] == wanted
