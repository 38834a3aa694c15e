"""What a machine that dies takes with it, and what its standby needs: writes until the kill, takeover, first answer.

The node and Litestream are killed in one go, as when the power fails. Each write is acknowledged by the API before the
next one, so the age of the newest one that the standby has is what was lost.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path

import aiohttp
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.conftest import Runner
from bench.figure import Figure, measure, record
from pbx.core.secret import KEY_FILE
from tests.live.node import Node
from tests.live.test_standby import litestream_of, until
from tests.replica.conftest import litestream_program

WRITES_S = 4.0


@pytest.mark.parametrize("line", ["0.3", "0.5"])
def test_a_machine_dies(benchmark: BenchmarkFixture, tmp_path: Path, run: Runner, line: str) -> None:
    lost_s, takeover_s, answer_s = run(_die_and_take_over(tmp_path, litestream_program(line)))
    measure(benchmark, lambda: None)
    record(
        benchmark,
        Figure(
            title=f"A machine dies, Litestream {line}: data lost",
            value=lost_s * 1000,
            unit="ms",
            target=2000,
            how="age of the newest acknowledged write that the standby lacks; node and Litestream killed at once",
        ),
        Figure(
            title=f"A machine dies, Litestream {line}: pbx takeover",
            value=takeover_s * 1000,
            unit="ms",
            target=10_000,
            how="the command, from its start to its end; replica in a folder, office of some records",
        ),
        Figure(
            title=f"A machine dies, Litestream {line}: takeover to first healthy answer",
            value=answer_s * 1000,
            unit="ms",
            target=15_000,
            how="pbx takeover, then pbx serve until /health answers 200",
        ),
    )


async def _die_and_take_over(folder: Path, program: str) -> tuple[float, float, float]:
    (folder / "mounted").mkdir()
    options = ("--replica-url", f"file://{folder}/mounted/office", "--litestream", program, "--api-rate", "0")
    old = Node(folder / "old", options=options)
    await old.start()
    await until(lambda: litestream_of(old))
    await old.send("POST", "replication/drill")
    written: list[tuple[str, float]] = []
    end = time.monotonic() + WRITES_S
    headers = {"Authorization": f"Bearer {old.token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while time.monotonic() < end:
            name = f"n{len(written)}"
            body = {"name": name}
            async with session.patch(
                f"{old.url}/api/v1/extensions/101",
                json=body,
                headers={"Content-Type": "application/merge-patch+json"},
            ) as answer:
                assert answer.status == 200, await answer.text()
            written.append((name, time.monotonic()))
    pid = litestream_of(old)
    assert pid > 1
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, 9)
    old.kill()
    died = written[-1][1]
    new = Node(folder / "new", options=options, token=old.token)
    new.data.mkdir(parents=True)
    (new.data / KEY_FILE).write_bytes((old.data / KEY_FILE).read_bytes())
    (new.data / KEY_FILE).chmod(0o600)
    began = time.monotonic()
    await asyncio.to_thread(new.cli, "takeover", *options[:4])
    took = time.monotonic() - began
    await new.start()
    answered = time.monotonic() - began
    try:
        newest = (await new.get("extensions/101"))["name"]
    finally:
        await new.stop()
    at = next((moment for name, moment in written if name == newest), end - WRITES_S)
    return died - at, took, answered
