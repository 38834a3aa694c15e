"""`pbx/deploy/Dockerfile`, built and run as the guide says: a call through it, and what a new container still knows.

`make package-test`. Needs root, podman and mmdebstrap; half an hour the first time, nearly all of it compiling.
`BELLWIRE_TEST_CONTAINERS` names a folder that keeps the images; the next run takes the one that is there.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered
from tests.packages.container import Podman, can_build

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(bool(can_build()), reason=can_build() or "it can be built"),
]
IMAGE = "localhost/bellwire-test"


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    kept = os.environ.get("BELLWIRE_TEST_CONTAINERS")
    podman = Podman(Path(kept) if kept else tmp_path_factory.mktemp("containers"))
    if not podman.run("images", "-q", IMAGE):
        podman.build(IMAGE)
    yield podman
    if not kept:
        podman.run("rmi", "--all", "--force", check=False)


@pytest.fixture
def names(podman: Podman) -> Iterator[tuple[str, str]]:
    """Of a container and its volume, which are gone afterwards."""
    name = f"bellwire-{uuid.uuid4().hex[:8]}"
    yield name, name
    podman.run("rm", "-f", name, check=False)
    podman.run("volume", "rm", "-f", name, check=False)


def settings(node: Node) -> list[str]:
    values = {
        "HOST": "127.0.0.1", "EXTERNAL_IP": "127.0.0.1", "HTTP_PORT": node.http_port, "HTTPS_PORT": node.https_port,
        "SIP_PORT": node.sip_port, "SIP_TLS_PORT": node.sip_tls_port, "RTP_PORT_MIN": node.rtp_first,
        "RTP_PORT_MAX": node.rtp_first + node.rtp_ports - 1,
    }  # fmt: skip
    return [word for name, value in values.items() for word in ("-e", f"PBX_{name}={value}")]


async def test_calls_go_through_a_container_and_its_volume_keeps_the_office(
    podman: Podman, names: tuple[str, str], tmp_path: Path
) -> None:
    name, volume = names
    node = Node(tmp_path / "node")
    node.folder.mkdir()

    def start() -> None:
        mounts = ["-v", f"{volume}:/var/lib/bellwire"]
        podman.run("run", "-d", "--name", name, "--network", "host", *mounts, *settings(node), IMAGE)

    async def well() -> None:
        for _ in range(240):
            with contextlib.suppress(RuntimeError):
                await asyncio.to_thread(podman.run, "healthcheck", "run", name)
                return
            await asyncio.sleep(0.5)
        raise TimeoutError(podman.logs(name)[-4000:])

    def inside(*words: str) -> str:
        return podman.run("exec", name, "pbx", *words)

    start()
    await well()
    assert podman.run("exec", name, "id", "-u").strip() == "5060"
    extensions = [{"number": n, "name": n, "sip_password": node.password(n)} for n in node.extensions]
    path = node.folder / "office.json"
    path.write_text(json.dumps({"extensions": extensions}))
    path.chmod(0o644)
    podman.run("cp", str(path), f"{name}:/tmp/office.json")
    inside("import", "/tmp/office.json")
    node.token = max(re.findall(r"[A-Za-z0-9_\-]{20,}", inside("token", "create", "tests")), key=len)
    maker = PhoneMaker(tmp_path)

    async def call() -> None:
        alice = maker(
            node, "101", tone_hz=ALICE_HZ, transport="tls", codecs=("opus",), encryption="dtls_srtp"
        )
        bob = maker(node, "102", tone_hz=BOB_HZ, codecs=("PCMU",))
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(3)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
        assert_heard(bob, ALICE_HZ, seconds=2.0)
        assert_heard(alice, BOB_HZ, seconds=2.0)

    await call()
    await node.cdrs()
    await asyncio.to_thread(podman.run, "restart", name)
    await well()
    (cdr,) = await node.cdrs()
    assert cdr["disposition"] == "answered"
    await call()
    await node.cdrs(at_least=2)
    await asyncio.to_thread(podman.run, "stop", name)
    assert podman.run("inspect", "-f", "{{.State.ExitCode}}", name).strip() == "0"
    logs = podman.logs(name)
    assert "Traceback" not in logs, logs[-4000:]

    # an update: another container, the same volume
    podman.run("rm", name)
    start()
    await well()
    assert len(await node.cdrs(at_least=2)) == 2
    await call()
