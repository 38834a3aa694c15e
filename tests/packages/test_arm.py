"""The wheel for 64-bit ARM, in a Debian of that kind: its sound kernels against their oracles, and a call through it.

Such a Debian is made by hand, since building in emulation takes an hour (guide, Install, “What was tried”):
`BELLWIRE_TEST_ARM` names its folder, in which the wheel is installed in `/root/c`. Emulation is that of qemu-user.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.test_talk import ALICE_HZ, BOB_HZ, registered
from tests.packages.installed import InstalledNode

ARM = os.environ.get("BELLWIRE_TEST_ARM", "")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not ARM, reason="BELLWIRE_TEST_ARM names no Debian for arm64"),
]
CHROOT = ("/usr/sbin/chroot", ARM)
PROGRAM = Path("/root/c/bin/pbx")
LOOP = """
import media_ext.engine, os
from pbx.media.loop_setting import loop_for
assert os.uname().machine == "aarch64"
print(loop_for("auto"))
loop_for("io_uring")
"""


@dataclass
class SlowNode(InstalledNode):
    """Emulated, so that nothing about it is quick. Its folder is seen from inside, too."""

    async def start(self) -> None:
        if not self.token:
            await self.prepare()
        process = self.spawn()
        async with aiohttp.ClientSession() as session:
            for _ in range(600):
                assert process.poll() is None, self.log
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(self.url + "/api/v1/health") as response:
                        if response.status == 200:
                            return
                await asyncio.sleep(0.5)
        raise TimeoutError(self.log)


def inside(*words: str) -> subprocess.CompletedProcess[str]:
    command = [*CHROOT, "/usr/bin/env", "-i", "PATH=/root/c/bin", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_it_takes_epoll_and_says_why_io_uring_cannot_be_had() -> None:
    """qemu-user knows no io_uring."""
    done = inside("/root/c/bin/python", "-c", LOOP)
    assert done.stdout.strip() == "epoll"
    assert "--rtp-loop io_uring" in done.stderr


async def test_a_call_goes_through_it(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    folder.mkdir()
    node = SlowNode(folder, program=PROGRAM, prefix=CHROOT)
    maker = PhoneMaker(tmp_path)
    await node.start()
    try:
        alice = maker(node, "101", tone_hz=ALICE_HZ, codecs=("opus",))
        bob = maker(node, "102", tone_hz=BOB_HZ, codecs=("PCMU",))
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(6)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs(timeout_s=60)
        assert cdr["disposition"] == "answered"
    finally:
        await node.stop()
    assert "Traceback" not in node.log, node.log[-4000:]
    assert not re.search(r"\bERROR\b", node.log), node.log[-4000:]
    # Emulation falls behind now and then: the tone must be there, and be the right one, for most of the time.
    for phone, tone in ((bob, ALICE_HZ), (alice, BOB_HZ)):
        sound = phone.heard()
        steady = sound.between(1.0, sound.seconds - 0.5)
        assert steady.seconds > 2
        assert steady.dominant_hz() == pytest.approx(tone, abs=3)
