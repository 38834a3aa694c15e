"""Runs a browser script and does what it asks for: each `CUE name` it prints is a coroutine of the test."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SITE = HERE.parents[1] / "site"
BUILT = SITE / "dist"
NODE_BIN = HERE.parents[1] / ".venv" / "bin" / "node"
Cues = Mapping[str, Callable[[], Awaitable[object]]]


def need_browser() -> None:
    """What the machine must have; `make test` brings it."""
    if shutil.which("chromium") is None:
        raise pytest.UsageError("Debian's chromium is not installed; run `make test`, which installs it")
    if not (SITE / "node_modules" / "playwright-core").is_dir() or not (BUILT / "index.html").is_file():
        raise pytest.UsageError("the site is not built; run `make build`")


async def play(script: str, *arguments: str, cues: Cues, timeout_s: float = 270) -> None:
    """Run `script` to its end. Its faults, and whatever it printed, fail the test."""
    need_browser()
    node = str(NODE_BIN) if NODE_BIN.exists() else "node"
    process = await asyncio.create_subprocess_exec(
        node,
        str(HERE / script),
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed: list[str] = []
    try:
        async with asyncio.timeout(timeout_s):
            await _follow(process, cues, printed)
            status = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert status == 0, "\n".join(printed)


async def _follow(process: asyncio.subprocess.Process, cues: Cues, printed: list[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode(errors="replace").rstrip():
        word, _, name = line.partition(" ")
        printed.append(line)
        if word == "CUE":
            await cues[name]()
            process.stdin.write(b"done\n")
            await process.stdin.drain()
