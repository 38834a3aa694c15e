"""What the linters cannot see: the lock file, the packages, the rules between the parts of the tree."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


@pytest.mark.parametrize("package", ["edge", "mobile_push", "media_ext"])
def test_what_runs_alone_imports_nothing_of_pbx(package: str) -> None:
    guilty = [
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / package).rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == "pbx"
    ]
    assert guilty == []


def test_only_the_media_package_imports_the_compiled_engine() -> None:
    users = {
        path.relative_to(ROOT).parts[1]
        for path in (ROOT / "pbx").rglob("*.py")
        for name in imports(path)
        if name.split(".")[0] == "media_ext"
    }
    assert users <= {"media"}


LOCKS = ["site/package-lock.json", "tests/contract/package-lock.json"]


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_file_is_complete_for_every_platform(lock: str) -> None:
    """`npm ci` refuses a lock without the packages of the other platforms, and a Raspberry Pi is one of them."""
    packages: dict[str, dict[str, Any]] = json.loads((ROOT / lock).read_text())["packages"]

    def known(importer: str, name: str) -> bool:
        while True:
            prefix = f"{importer}/" if importer else ""
            if f"{prefix}node_modules/{name}" in packages:
                return True
            if not importer:
                return False
            importer = importer.rpartition("/node_modules/")[0] if "/node_modules/" in importer else ""

    missing = [
        (importer, name)
        for importer, package in packages.items()
        for kind in ("dependencies", "optionalDependencies")
        for name in package.get(kind, {})
        if not known(importer, name)
    ]
    assert missing == []


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_file_names_no_download_address(lock: str) -> None:
    """Whoever builds takes the packages from the registry their npm is set up for."""
    assert not re.search(r'"resolved": "https?:', (ROOT / lock).read_text())


def test_every_requirement_is_pinned_for_reproducible_installs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["test"],
        *project["build-system"]["requires"],
    ]
    constraints = (ROOT / "pbx/deploy/constraints.txt").read_text()
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in constraints.splitlines()}
    names = {re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", line)[0]).lower() for line in wanted}
    assert names - pinned == set()
