"""After an upgrade the node calls itself, over SIP and with sound, and says whether that works."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pbx.store.database import FILE_NAME
from tests.live.node import Node

pytestmark = pytest.mark.timeout(120)


def forget_version(node: Node) -> None:
    """As if an older version had run here last."""
    with closing(sqlite3.connect(node.data / FILE_NAME)) as file:
        (text,) = file.execute("SELECT value FROM state WHERE key='program'").fetchone()
        older = json.dumps(json.loads(text) | {"version": "0.0.1"})
        file.execute("UPDATE state SET value=? WHERE key='program'", (older,))
        file.commit()


async def told(node: Node, within_s: float = 60.0) -> dict[str, Any]:
    """The line of the health list, once there is something to tell."""
    ending = time.monotonic() + within_s
    while True:
        lines = (await node.get("status"))["health"]
        line: dict[str, Any] = next(each for each in lines if each["name"] == "call to itself")
        if line["cause"] or time.monotonic() > ending:
            return line
        await asyncio.sleep(0.1)


async def test_calls_are_tried_at_the_first_start_of_a_version_and_no_other(tmp_path: Path) -> None:
    node = Node(tmp_path, extensions=("101",))
    await node.start()
    try:
        await node.stop()
        forget_version(node)
        await node.start()
        line = await told(node)
        assert (line["ok"], line["code"]) == (True, "self_call"), line
        (call,) = await node.cdrs()
        assert (call["from_name"], call["dialled"], call["disposition"]) == ("Self-test", "*43", "answered")
        doctor = await asyncio.to_thread(node.cli, "doctor", check=False)
        assert "the node called itself: that works" in doctor.stdout
        await node.stop()
        await node.start()
        assert (await told(node))["ok"], "it is still told"
    finally:
        await node.stop()
    assert node.log.count("called itself") == 1
    node.assert_clean_log()


@pytest.mark.slow
async def test_calls_that_do_not_work_are_told_with_the_way_back(tmp_path: Path) -> None:
    """More memory is used than may be: every call is refused."""
    node = Node(tmp_path, extensions=("101",), options=("--memory-limit-mb", "20"))
    await node.start()
    try:
        await node.stop()
        forget_version(node)
        await node.start()
        found = await told(node)
        assert found["code"] == "self_call_failed"
        assert "503" in found["cause"]
        await node.stored("self call", lambda value: value is not None and not value["ok"], timeout_s=90)
        titles = [each["title"] for each in (await node.get("notices"))["items"]]
        assert "Calls do not work after the upgrade" in titles
    finally:
        await node.stop()
