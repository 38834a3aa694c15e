"""Certificates of a public CA: had, renewed under a call, and not to be had. The CA is Debian's pebble."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.pebble import pebble
from tests.live.ports import free_port
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered

pytestmark = pytest.mark.timeout(120)

NAME = "phone.office.example"


async def served(port: int, authority: str, name: str) -> bytes:
    """Connect as a careful client that knows this name; the certificate. Raises `ssl.SSLError`."""
    context = ssl.create_default_context(cadata=authority)
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    with contextlib.suppress(ssl.SSLError):
        await writer.wait_closed()
    return bytes(certificate)


async def eventually(
    port: int, authority: str, name: str, *, other_than: bytes = b"", seconds: float = 60
) -> bytes:
    async with asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(ssl.SSLError):
                if (found := await served(port, authority, name)) != other_than:
                    return found
            await asyncio.sleep(0.2)


async def line(node: Node) -> dict[str, Any]:
    """What the health list says of the certificate."""
    lines = (await node.get("status"))["health"]
    (found,) = [each for each in lines if each["name"] == "certificate"]
    return dict(found)


async def test_a_certificate_is_had_and_renewed_while_phones_talk(tmp_path: Path, phone: PhoneMaker) -> None:
    async with pebble(tmp_path / "ca", life_s=15) as ca:
        node = Node(tmp_path / "node", options=ca.options(NAME, "sip.office.example"))
        async with running(node):
            root = await ca.root()
            first = await eventually(node.https_port, root, NAME)
            assert await served(node.sip_tls_port, root, "sip.office.example") == first
            own = (node.data / "tls" / "ca.crt").read_text()
            assert await served(node.https_port, own, "127.0.0.1") != first, "an address is not in it"
            assert (await line(node))["ok"]
            for path in (node.data / "acme").iterdir():
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            alice = phone(node, "101", tone_hz=ALICE_HZ, transport="tls")
            bob = phone(node, "102", tone_hz=BOB_HZ, transport="tls")
            async with phones(alice, bob):
                await registered(alice, bob)
                await Pair(alice, bob).talk("102")
                second = await eventually(node.https_port, root, NAME, other_than=first)
                assert await served(node.sip_tls_port, root, NAME) == second
                await asyncio.sleep(1)
                await alice.hangup()
                await bob.wait_for("CALL_CLOSED")
                (cdr,) = await node.cdrs()
            assert (cdr["disposition"], cdr["cause"]) == ("answered", "normal")
            assert_heard(bob, ALICE_HZ, seconds=2.0)
            assert not (await node.get("notices"))["items"]


async def test_names_are_proven_on_the_nodes_own_ports(tmp_path: Path) -> None:
    """Port 443 is the node's HTTPS here, so the proof is shown there: to the CA, and to nobody else."""
    node = Node(tmp_path / "node")
    async with pebble(tmp_path / "ca", asks_port=node.https_port) as ca:
        node.options = ca.options(NAME, challenge="tls-alpn-01")
        async with running(node):
            first = await eventually(node.https_port, await ca.root(), NAME)
    http = Node(tmp_path / "http")
    async with pebble(tmp_path / "ca2", asks_port=http.http_port) as ca:
        http.options = ca.options(NAME)
        async with running(http):
            assert await eventually(http.https_port, await ca.root(), NAME) != first


async def test_what_cannot_be_had_is_told_once_and_not_asked_for_again_at_once(tmp_path: Path) -> None:
    async with pebble(tmp_path / "ca") as ca:
        node = Node(tmp_path / "node", options=ca.options(NAME, port=free_port()))  # the CA asks another port
        async with running(node):
            async with asyncio.timeout(30):
                while (await line(node))["ok"]:
                    await asyncio.sleep(0.2)
            told = await line(node)
            assert NAME in told["cause"]
            assert "refused" in told["cause"]
            assert f"port {ca.asks_port}" not in told["action"]
            assert (await node.get("health"))["status"] == "ok", "the node's own certificate is served"
            (notice,) = (await node.get("notices"))["items"]
            assert notice["kind"] == "certificate"
        async with running(node):
            assert not (await line(node))["ok"], "it is remembered, and the CA is left alone"
        log = node.log
        assert log.count("a certificate is ordered") == 1
