"""What the Grafana dashboard asks for and the guide names, the node tells."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

import pbx

SOURCES = Path(pbx.__file__).parent
DASHBOARD = SOURCES / "deploy" / "grafana.json"
PAGES = sorted((SOURCES / "docs" / "guide").rglob("*.md"))


@cache
def told() -> set[str]:
    """Every name that is written in the sources; those of the replica and the store are put together."""
    texts = [
        path.read_text() for root in (SOURCES, SOURCES.parent / "mobile_push") for path in root.rglob("*.py")
    ]
    names = {name for text in texts for name in re.findall(r'"(pbx_[a-z0-9_]+)"', text)}
    replica = (SOURCES / "app/replication.py").read_text() + (SOURCES / "app/replica.py").read_text()
    kept = (SOURCES / "store/database.py").read_text()
    names |= {f"pbx_store_{name}_total" for name in re.findall(r'^    "([a-z_]+)": ', kept, re.MULTILINE)}
    return names | {f"pbx_replication_{name}" for name in re.findall(r'"([a-z_]+)"', replica)}


def unknown(names: Iterable[str]) -> set[str]:
    return {
        name
        for name in names
        if name not in told() and re.sub(r"_(bucket|sum|count)$", "", name) not in told()
    }


def test_every_metric_of_the_dashboard_exists() -> None:
    asked = set(re.findall(r"\bpbx_[a-z0-9_]+", DASHBOARD.read_text()))
    assert len(asked) > 30
    assert unknown(asked) == set()


def test_every_panel_asks_for_something() -> None:
    panels = [
        each for each in json.loads(DASHBOARD.read_text())["panels"] if each["type"] not in ("row", "text")
    ]
    assert len(panels) > 10
    assert [
        each["title"] for each in panels if not any("pbx_" in one["expr"] for one in each["targets"])
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_metric_that_the_guide_names_exists(page: Path) -> None:
    assert unknown(re.findall(r"`(pbx_[a-z0-9_]+)`", page.read_text())) == set()
