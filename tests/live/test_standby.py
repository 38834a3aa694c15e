"""A node with a replica is killed and its disk is gone: another one takes over and has its phones and its calls."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pbx.core.secret import KEY_FILE
from tests.live.node import Node
from tests.live.raw import Peer
from tests.replica.conftest import ONE_IS_SLOW, litestream_program

pytestmark = pytest.mark.timeout(180)

WITHIN_S = 60.0


@pytest.mark.parametrize("line", ONE_IS_SLOW)
async def test_another_node_takes_over_and_the_old_one_stays_out(tmp_path: Path, line: str) -> None:
    program = litestream_program(line)
    (tmp_path / "mounted").mkdir()
    options = ("--replica-url", f"file://{tmp_path}/mounted/office", "--litestream", program)
    old = Node(tmp_path / "old", options=options)
    await old.start()
    await until(lambda: litestream_of(old))
    first = litestream_of(old)
    assert first > 1
    os.kill(first, 9)  # Litestream alone is killed: it is started again
    await until(lambda: litestream_of(old) not in (0, first))
    with Peer(old.sip_port) as phone:
        phone.register("101", old.password("101"))
    await old.send(
        "POST", "extensions", {"number": "140", "name": "New", "sip_password": "correct-horse-140"}
    )
    report = await old.send("POST", "replication/drill")
    assert report["faults"] == []
    assert report["rows"] > 0
    end = time.monotonic() + WITHIN_S
    while (state := await old.get("replication"))["condition"] != "running":
        assert time.monotonic() < end, state  # it was killed a moment ago
        await asyncio.sleep(0.2)
    assert state["databases"][0]["name"] == "pbx"
    metrics = await old.metrics()
    assert metrics["pbx_replication_up"] == metrics["pbx_replication_drill_ok"] == 1
    assert metrics['pbx_replication_lag_seconds{database="pbx"}'] < WITHIN_S
    second = litestream_of(old)
    old.kill()
    await until(lambda: not Path(f"/proc/{second}").exists())  # it has died with its node

    new = Node(tmp_path / "new", options=options, token=old.token)
    new.data.mkdir(parents=True)
    (new.data / KEY_FILE).write_bytes((old.data / KEY_FILE).read_bytes())
    (new.data / KEY_FILE).chmod(0o600)
    said = await asyncio.to_thread(new.cli, "takeover", *options)
    assert "this node writes generation 2" in said.stdout
    await new.start()
    try:
        assert len(await new.registrations("101")) == 1
        assert (await new.get("extensions/140"))["name"] == "New"
        assert (await new.get("status"))["health"]
        with pytest.raises(RuntimeError, match="the node exited 1"):
            await old.start()
        assert "has taken over this office" in old.log
    finally:
        old.process = None
        await new.stop()
    new.assert_clean_log()


def litestream_of(node: Node) -> int:
    """Its process id; 0 while it does not run."""
    path = node.data / "replica/litestream.pid"
    try:
        pid = int(path.read_text())
    except (OSError, ValueError):
        return 0
    return pid if Path(f"/proc/{pid}").exists() else 0


async def until(there: Callable[[], object]) -> None:
    end = time.monotonic() + WITHIN_S
    while not there():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
