"""Phones over TLS: registration, calls across transports, and a certificate that changes under a call."""

from __future__ import annotations

import asyncio
import ssl
import stat
import warnings
from pathlib import Path

import aiohttp
import pytest

from pbx.transport.certificate import ensure
from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered

pytestmark = pytest.mark.timeout(120)


async def fingerprint(port: int, trust: bytes, name: str = "localhost") -> bytes:
    """Connect as a careful client does; the certificate that was served."""
    context = ssl.create_default_context(cadata=trust.decode())
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    served = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return bytes(served)


async def test_phones_over_tls_and_udp_hear_each_other(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, transport="tls")
    bob = phone(node, "102", tone_hz=BOB_HZ, transport="udp")
    async with phones(alice, bob):
        await registered(alice, bob)
        listed = {each["extension"]: each["transport"] for each in (await node.get("registrations"))["items"]}
        assert listed == {"101": "TLS", "102": "UDP"}
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(2.5)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        assert_heard(alice, BOB_HZ, seconds=2.0)
        assert_heard(bob, ALICE_HZ, seconds=2.0)
        await Pair(bob, alice).talk("101")  # to the phone over TLS: on the connection it registered over
        await asyncio.sleep(0.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        first, second = await node.cdrs(at_least=2)
    assert first["disposition"] == second["disposition"] == "answered"


async def test_the_nodes_own_authority_is_what_a_careful_client_needs(node: Node) -> None:
    async with aiohttp.ClientSession() as session, session.get(node.url + "/ca.crt") as response:
        assert response.content_type == "application/x-x509-ca-cert"
        authority = await response.read()
    for name in ("localhost", "127.0.0.1"):
        await fingerprint(node.sip_tls_port, authority, name)
        await fingerprint(node.https_port, authority, name)
    context = ssl.create_default_context(cadata=authority.decode())
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"https://127.0.0.1:{node.https_port}/api/v1/health", ssl=context) as response,
    ):
        assert response.status == 200
    for key in (node.data / "tls").glob("*.key"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600, key


async def test_nothing_older_than_tls_1_2_is_spoken(node: Node) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    for port in (node.sip_tls_port, node.https_port):
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=context)


async def test_a_new_certificate_is_served_and_the_call_goes_on(tmp_path: Path, phone: PhoneMaker) -> None:
    files = ensure(tmp_path / "given", ["localhost", "127.0.0.1"])
    assert files.ca is not None
    authority = files.ca.read_bytes()
    options = ("--tls-cert", str(files.certificate), "--tls-key", str(files.key))
    async with running(Node(tmp_path / "node", options=options)) as node:
        alice = phone(node, "101", tone_hz=ALICE_HZ, transport="tls")
        bob = phone(node, "102", tone_hz=BOB_HZ, transport="tls")
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            before = await fingerprint(node.sip_tls_port, authority)
            ensure(tmp_path / "given", ["localhost", "127.0.0.1", "new.example"])
            async with asyncio.timeout(15):
                while (after := await fingerprint(node.sip_tls_port, authority)) == before:
                    await asyncio.sleep(0.2)
            assert await fingerprint(node.https_port, authority) == after
            await asyncio.sleep(1)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            (cdr,) = await node.cdrs()
        assert cdr["disposition"] == "answered"
        assert cdr["cause"] == "normal"
        assert_heard(bob, ALICE_HZ, seconds=2.0)
