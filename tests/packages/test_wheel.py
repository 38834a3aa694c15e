"""`make wheel`, installed where there is no compiler and no source, and a call through it. `make package-test`."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import ROOT, running
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered
from tests.packages.installed import InstalledNode

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def wheel() -> Path:
    """What `make wheel` has built last."""
    found = sorted((ROOT / "dist").glob("bellwire-*manylinux*.whl"), key=lambda path: path.stat().st_mtime)
    if not found:
        subprocess.run(["sh", str(ROOT / "pbx/deploy/wheel.sh"), sys.executable], check=True, timeout=1500)
        found = sorted((ROOT / "dist").glob("bellwire-*manylinux*.whl"))
    return found[-1]


def test_it_brings_the_libraries_that_it_needs(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for library in ("libcrypto", "libopus", "libspeexdsp", "liburing"):
        assert any(name.startswith(f"bellwire.libs/{library}") for name in names), library
    assert "pbx/web/index.html" in names


async def test_it_makes_calls_where_nothing_else_is(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    await asyncio.to_thread(venv.create, home, with_pip=True)
    bare = {"PATH": str(home / "bin"), "HOME": str(tmp_path)}
    install = [str(home / "bin/python"), "-m", "pip", "install", "-q", str(wheel)]
    constraints = ["--constraint", str(ROOT / "pbx/deploy/constraints.txt")]
    done = await asyncio.to_thread(
        subprocess.run,
        [*install, *constraints],
        env=bare,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    folder = tmp_path / "node"
    folder.mkdir()
    maker = PhoneMaker(tmp_path)
    async with running(InstalledNode(folder, program=home / "bin/pbx")) as node:
        alice = maker(node, "101", tone_hz=ALICE_HZ, transport="tls", codecs=("opus",))
        bob = maker(node, "102", tone_hz=BOB_HZ, codecs=("PCMU",))
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(2.5)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
        assert cdr["disposition"] == "answered"
    assert_heard(bob, ALICE_HZ, seconds=2.0)
