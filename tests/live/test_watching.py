"""A node whose clock is set and whose disk is full: calls go on, phones stay, nothing is lost, and somebody is told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from pbx.store.database import FILE_NAME
from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import ROOT, Node, running
from tests.live.raw import Peer
from tests.live.slow_disk import SlowDisk

pytestmark = pytest.mark.timeout(150)
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
DISK_MB = 150
DASHBOARD = ROOT / "pbx" / "deploy" / "grafana.json"


@dataclass
class SetClock(Node):
    """A node whose wall clock can be set while it runs. (Without TLS: its first start waits for a process, and
    `time.sleep` fails under libfaketime.)"""

    options: Sequence[str] = field(default=("--no-tls",))

    @property
    def offset(self) -> Path:
        return self.folder / "clock"

    def set_clock(self, offset_s: int) -> None:
        fresh = self.offset.with_suffix(".new")
        fresh.write_text(f"{offset_s:+d}s\n")
        fresh.replace(self.offset)

    def command(self) -> list[str]:
        self.set_clock(0)
        return [
            "env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME_TIMESTAMP_FILE={self.offset}", "FAKETIME_CACHE_DURATION=1",
            "DONT_FAKE_MONOTONIC=1", "FAKETIME_DONT_RESET=1", *super().command(),
        ]  # fmt: skip


@dataclass
class SmallDisk(Node):
    """A node whose data folder is a disk of its own, in a mount namespace of its own; it goes with the process."""

    options: Sequence[str] = field(default=("--log-format", "json"))

    def command(self) -> list[str]:
        script = f'mount -t tmpfs -o size={DISK_MB}m tmpfs "$0" && cp -a "$1/." "$0/" && shift && exec "$@"'
        prepared = self.folder / "prepared"
        shutil.copytree(self.data, prepared)
        return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(self.data), str(prepared), *super().command()]  # fmt: skip  # noqa: E501

    @property
    def inside(self) -> Path:
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.data}")

    def fill(self) -> None:
        """Until not a byte fits."""
        with (self.inside / "filler").open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def make_room(self) -> None:
        (self.inside / "filler").unlink()


async def exposed(node: Node) -> str:
    headers = {"Authorization": f"Bearer {node.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{node.url}/metrics") as reply:
        return await reply.text()


async def until(node: Node, sample: str, least: float, *, within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while (found := (await node.metrics())[sample]) < least:
        assert time.monotonic() < deadline, f"{sample} is {found}, not {least}\n{node.log[-3000:]}"
        await asyncio.sleep(0.1)


@pytest.mark.slow
async def test_setting_the_clock_disturbs_no_call_and_loses_no_phone(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    node = SetClock(tmp_path / "node")
    async with running(node):
        alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            began = time.monotonic()
            await Pair(alice, bob).talk("102")
            for jumps, offset_s in enumerate((86_400, -86_400), 1):
                node.set_clock(offset_s)
                await until(node, "pbx_clock_jumps_total", jumps)
                await asyncio.sleep(1.5)  # a sweep of the registrations
                assert len((await node.get("calls"))["items"]) == 1
                assert (await node.metrics())["pbx_registrations"] == 2
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            (first,) = await node.cdrs()
            assert 3 <= first["talk_s"] <= time.monotonic() - began
            qualities = [each for each in first["events"] if each["type"] == "leg_quality"]
            assert [each["lost"] for each in qualities] == [0, 0]
            await Pair(alice, bob).talk("102")
            await bob.hangup()
            await alice.wait_for("CALL_CLOSED")
            assert len(await node.cdrs(at_least=2)) == 2
        shown = await exposed(node)
    named = set(re.findall(r"\bpbx_[a-z0-9_]+", DASHBOARD.read_text())) - {"pbx_replication_lag_seconds"}
    known = set(re.findall(r"^# TYPE (\S+)", shown, re.MULTILINE))
    assert len(named) > 30
    for name in named:
        assert name in known or re.sub(r"_(bucket|sum|count)$", "", name) in known, name


@pytest.mark.slow
async def test_a_full_disk_costs_recordings_and_nothing_else(tmp_path: Path, phone: PhoneMaker) -> None:
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode:
        pytest.skip("this machine lets nobody mount a disk of their own")
    node = SmallDisk(tmp_path / "node")
    node.expected_errors = ("could not be", "not stored", "only in memory", "was not recorded", "cannot be")
    async with running(node):
        for number in ("101", "102"):
            await node.send("PATCH", f"extensions/{number}", {"record": "always"})
        alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(1)
            assert (await node.metrics())["pbx_recordings"] >= 1
            await asyncio.to_thread(node.fill)
            await asyncio.sleep(5)
            with Peer(node.sip_port) as third:
                assert third.register("103", node.password("103")).status == 200
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            await Pair(alice, bob).talk("102")
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            await until(node, "pbx_cdrs_waiting", 1)
            await asyncio.to_thread(node.make_room)
            cdrs = await node.cdrs(at_least=2, timeout_s=15)
        assert [each["disposition"] for each in cdrs] == ["answered", "answered"]
        qualities = [each for cdr in cdrs for each in cdr["events"] if each["type"] == "leg_quality"]
        assert [each["lost"] for each in qualities] == [0] * 4
        assert (await node.metrics())["pbx_cdrs_dropped_total"] == 0
        notices = (await node.get("notices"))["items"]
        assert any(each["kind"] == "recording" for each in notices), notices
        await node.no_calls()
    lines = [json.loads(line) for line in node.log.splitlines() if line.startswith("{")]
    assert not [each for each in lines if each["message"] == "task failed"]
    of_calls = [each for each in lines if {"leg", "stream"} & each.keys() or "a call" in each["message"]]
    assert of_calls
    assert [each for each in of_calls if not each.get("call")] == []


async def test_a_disk_that_does_not_answer_delays_no_call_and_no_phone(node: Node, phone: PhoneMaker) -> None:
    """Another process holds the database: every write of the node waits."""
    node.expected_errors = ("only in memory", "will try again")
    alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        with contextlib.closing(sqlite3.connect(node.data / FILE_NAME, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            await Pair(alice, bob).talk("102")
            with Peer(node.sip_port) as third:
                assert third.register("103", node.password("103")).status == 200
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            holder.execute("COMMIT")
        (cdr,) = await node.cdrs()
    assert cdr["disposition"] == "answered"
    assert {each["lost"] for each in cdr["events"] if each["type"] == "leg_quality"} == {0}


@pytest.mark.slow
async def test_a_slow_disk_delays_no_call_and_no_sound(tmp_path: Path, phone: PhoneMaker) -> None:
    """Each write that is to last takes four seconds, as on a memory card at its end; calls are recorded too."""
    disk = SlowDisk(tmp_path / "disk")
    node = Node(tmp_path / "node", environment=disk.environment)
    node.expected_errors = ("only in memory", "will try again", "slow")
    async with running(node):
        await node.send("PATCH", "extensions/101", {"record": "always"})
        alice, bob = phone(node, "101", tone_hz=440), phone(node, "102", tone_hz=880)
        async with phones(alice, bob):
            await asyncio.gather(alice.registered(), bob.registered())
            with disk.taking(4.0):
                began = time.monotonic()
                await Pair(alice, bob).talk("102")
                assert time.monotonic() - began < 3.0, "an answer does not wait for the disk"
                with Peer(node.sip_port) as third:
                    for _ in range(3):
                        asked = time.monotonic()
                        answer = await asyncio.to_thread(third.register, "103", node.password("103"))
                        assert answer.status == 200
                        assert time.monotonic() - asked < 3.0, "it waits two seconds for the disk at most"
                await alice.hangup()
                await bob.wait_for("CALL_CLOSED")
                assert not (await node.get("calls"))["items"]
            (cdr,) = await node.cdrs(timeout_s=20)
    assert cdr["disposition"] == "answered"
    assert {each["lost"] for each in cdr["events"] if each["type"] == "leg_quality"} == {0}
    assert alice.heard().gaps(880) == []
    assert bob.heard().gaps(440) == []
    assert "only in memory" in node.log, "the disk was slow"
