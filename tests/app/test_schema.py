from __future__ import annotations

import json
from pathlib import Path

import pytest

from pbx.app import schema


def test_what_is_written_passes_the_check_and_is_stable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert schema.check(tmp_path) == 1
    assert "Run: pbx schema" in capsys.readouterr().err
    assert schema.write(tmp_path) == 0
    assert schema.check(tmp_path) == 0
    before = {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()}
    schema.write(tmp_path)
    assert {file: file.stat().st_mtime_ns for file in tmp_path.iterdir()} == before


def test_drift_is_found(tmp_path: Path) -> None:
    schema.write(tmp_path)
    (tmp_path / "nodes.json").write_text("{}")
    assert schema.stale(tmp_path) == ["nodes.json"]


def test_the_committed_files_are_those_of_this_program() -> None:
    assert schema.stale(schema.FOLDER) == [], "run: pbx schema"


def test_the_files_are_json(tmp_path: Path) -> None:
    schema.write(tmp_path)
    assert json.loads((tmp_path / "openapi.json").read_text())["openapi"].startswith("3.")
    nodes = json.loads((tmp_path / "nodes.json").read_text())["nodes"]
    assert "condition" in {each["type"] for each in nodes}
