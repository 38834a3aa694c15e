"""Imports beside the loop: it goes on, and what is half there is waited for."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from pbx.core.imports import NORMAL_S, imported


async def test_the_loop_goes_on_while_a_module_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_one.py").write_text("import time\ntime.sleep(0.3)\nthere = True\n")
    monkeypatch.syspath_prepend(tmp_path)
    first = asyncio.ensure_future(imported("slow_one"))
    await asyncio.sleep(0.1)
    assert not first.done()  # and this test goes on
    await imported("slow_one")
    assert sys.modules.pop("slow_one").there
    await first
    assert sys.getswitchinterval() == pytest.approx(NORMAL_S)


async def test_what_is_there_costs_nothing_and_what_is_not_is_told() -> None:
    started = time.monotonic()
    for _ in range(1000):
        await imported("asyncio")
    assert time.monotonic() - started < 1
    with pytest.raises(ModuleNotFoundError):
        await imported("no_such_module_anywhere")
