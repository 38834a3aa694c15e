"""kill -9 at random moments: what was confirmed is there, and the file is whole."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITER = """
import asyncio, os, sys
from pathlib import Path
from pbx.store.database import Database

async def write(database, name):
    for number in range(1_000_000):
        key = f"{name}-{number}"
        await database.write(lambda c: c.execute("INSERT INTO settings VALUES (?, '1')", (key,)))
        os.write(1, f"{key}\\n".encode())

async def main():
    database = await Database.open(Path(sys.argv[1]), wal_autocheckpoint=20)
    os.write(1, b"ready\\n")
    await asyncio.gather(*(write(database, f"{sys.argv[2]}-{number}") for number in range(8)))

asyncio.run(main())
"""


def _run_and_kill(path: Path, name: str, after_s: float) -> set[str]:
    """What the process had confirmed when it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    reader_end = time.monotonic() + after_s
    lines: list[bytes] = []
    while time.monotonic() < reader_end:
        lines.append(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate()
    whole = b"".join(lines) + rest
    return {line for line in whole.decode().split("\n")[:-1] if line}


def _stored(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {key for (key,) in connection.execute("SELECT key FROM settings")}


@pytest.mark.parametrize("seed", range(3))
def test_what_was_confirmed_survives_kill_9(tmp_path: Path, seed: int) -> None:
    path, chance = tmp_path / "pbx.sqlite3", random.Random(seed)
    confirmed: set[str] = set()
    for life in range(4):
        confirmed |= _run_and_kill(path, f"life{life}", chance.uniform(0.0, 0.2))
        stored = _stored(path)
        assert confirmed <= stored
        assert len(stored - confirmed) <= 8 * (life + 1)  # at most what each writer had in flight
    assert len(confirmed) > 50
