"""Benchmarks drive a real node with SIPp. They measure one thing at a time: never run them in parallel."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from tests.live.node import Node

Runner = Callable[[Coroutine[Any, Any, Any]], Any]
EXTENSIONS = tuple(str(number) for number in range(200, 220))


@pytest.fixture
def office(tmp_path: Path) -> Node:
    """A node with 20 extensions, not yet started; with ports for 500 calls/s, whose pairs rest 5 s before the next."""
    return Node(
        tmp_path / "node",
        extensions=EXTENSIONS,
        rtp_first=2000,
        rtp_ports=12_000,
        options=("--log-level", "warning"),
    )


@pytest.fixture
def run() -> Runner:
    """Runs a coroutine to its end: pytest-benchmark knows no event loop."""
    return asyncio.run
