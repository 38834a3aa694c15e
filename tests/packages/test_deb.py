"""`make deb`, installed into a Debian that has booted: its service, its sandbox, and what stays when it goes.

`make package-test`. Needs root, mmdebstrap and systemd-nspawn.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import ROOT, Node
from tests.live.ports import free_port, free_range
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered
from tests.packages.machine import Machine, booted, can_boot

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(2400),
    pytest.mark.skipif(bool(can_boot()) or os.getuid() != 0, reason=can_boot() or "it takes root"),
]
EXPOSURE = 2.0
"""What `systemd-analyze security` may give at most; 10 is a service without any sandbox."""


@pytest.fixture(scope="module")
def package() -> Path:
    found = sorted((ROOT / "dist").glob("bellwire_*.deb"), key=lambda path: path.stat().st_mtime)
    if not found:
        subprocess.run(["sh", str(ROOT / "pbx/deploy/deb.sh")], check=True, timeout=1800)
        found = sorted((ROOT / "dist").glob("bellwire_*.deb"))
    return found[-1]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    given = os.environ.get("BELLWIRE_TEST_ROOT")  # one that was made before, to save the minute
    with booted(Path(given) if given else tmp_path_factory.mktemp("machine") / "root") as running:
        yield running


def settings(node: Node) -> str:
    return (
        f'host = "127.0.0.1"\nexternal_ip = "127.0.0.1"\nhttp_port = {node.http_port}\nsip_port = {node.sip_port}\n'
        f"https_port = {node.https_port}\nsip_tls_port = {node.sip_tls_port}\n"
        f"rtp_port_min = {node.rtp_first}\nrtp_port_max = {node.rtp_first + node.rtp_ports - 1}\n"
    )


def answers(node: Node) -> None:
    """Raises `OSError` until it does; an office without extensions is not well, and answers."""
    try:
        urllib.request.urlopen(f"{node.url}/api/v1/health", timeout=5).close()
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise


async def well(node: Node, machine: Machine) -> None:
    for _ in range(120):
        with contextlib.suppress(OSError):
            await asyncio.to_thread(answers, node)
            return
        await asyncio.sleep(0.5)
    raise TimeoutError(machine.run("journalctl", "-u", "bellwire", "-o", "cat", "-n", "60", check=False))


async def test_the_life_of_the_package(package: Path, machine: Machine, tmp_path: Path) -> None:
    node = Node(
        tmp_path / "node",
        sip_port=free_range(2),
        http_port=free_port(),
        https_port=free_port(),
        sip_tls_port=free_port(),
    )
    node.folder.mkdir()
    root, run, begun = machine.root, machine.run, int(time.time())
    shutil.copy(package, root / "srv/bellwire.deb")
    shutil.copy(ROOT / "pbx/deploy/install.sh", root / "srv/install.sh")
    os.chmod(root / "srv/install.sh", 0o755)
    (root / "etc/bellwire").mkdir(exist_ok=True)
    (root / "etc/bellwire/environment").write_text("PBX_SMTP_PASSWORD=kept\n")
    run("apt-get", "update", "-q")
    run("sh", "/srv/install.sh", "--yes", "/srv/bellwire.deb")
    (root / "etc/bellwire/pbx.toml").write_text(settings(node))
    run("systemctl", "restart", "bellwire")
    await well(node, machine)

    # the sandbox holds, and the phone system works in it
    said = run("systemd-analyze", "security", "bellwire", check=False)
    exposure = float(said.rsplit("exposure level for bellwire.service:", 1)[1].split()[0])
    assert exposure <= EXPOSURE, said
    office = {
        "extensions": [{"number": n, "name": n, "sip_password": node.password(n)} for n in node.extensions]
    }
    (root / "srv/office.json").write_text(json.dumps(office))
    run("pbx", "import", "/srv/office.json")
    printed = run("pbx", "token", "create", "tests")
    node.token = max(re.findall(r"[A-Za-z0-9_\-]{20,}", printed), key=len)
    maker = PhoneMaker(tmp_path)
    alice = maker(node, "101", tone_hz=ALICE_HZ, transport="tls", codecs=("opus",), encryption="dtls_srtp")
    bob = maker(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        assert_heard(bob, ALICE_HZ, seconds=2.0)

        # its sockets wait with systemd: a call outlives a restart
        await Pair(bob, alice).talk("101")
        await asyncio.sleep(1)
        run("systemctl", "restart", "bellwire")
        await well(node, machine)
        await asyncio.sleep(2)
        assert len((await node.get("calls"))["items"]) == 1, run(
            "journalctl", "-u", "bellwire", "-o", "cat", "-n", "30"
        )
        await bob.hangup()
        await node.no_calls()
    first, second = await node.cdrs(at_least=2)
    assert first["disposition"] == second["disposition"] == "answered"
    journal = run("journalctl", "-u", "bellwire", "-o", "cat", f"--since=@{begun}")
    assert "Traceback" not in journal, journal[-4000:]
    assert run("stat", "-c", "%U %a", "/var/lib/bellwire").strip() == "bellwire 700"

    # again: nothing changes, and what is there stays
    run("sh", "/srv/install.sh", "--yes", "/srv/bellwire.deb")
    assert (root / "etc/bellwire/pbx.toml").read_text() == settings(node)
    await well(node, machine)
    run("systemctl", "kill", "-s", "KILL", "bellwire")
    await asyncio.sleep(2)
    await well(node, machine)

    # a new key, with the service stopped
    assert "used by another node" in run("pbx", "key", "rotate", check=False)
    run("systemctl", "stop", "bellwire")
    assert "sealed fields now open" in run("pbx", "key", "rotate")

    # and away
    run("sh", "/srv/install.sh", "--yes", "--uninstall")
    assert not (root / "opt/bellwire/bin").exists()
    assert (root / "etc/bellwire/pbx.toml").exists()
    run("sh", "/srv/install.sh", "--yes", "--uninstall", "--purge")
    assert not (root / "etc/bellwire").exists()
    assert (root / "var/lib/bellwire/pbx.sqlite3").exists(), "the office stays"
