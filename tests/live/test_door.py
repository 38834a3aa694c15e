"""The door with real phones inside and real attackers outside: a scan and a flood of guesses, by SIPp."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.sipp import Sipp
from tests.oracles import pcap

pytestmark = pytest.mark.timeout(120)

SCANNER, GUESSER, OTHER = "127.0.0.9", "127.0.0.8", "127.0.0.7"
"""Of this machine, so the limits are those of local networks."""


def attack(node: Node, folder: Path, scenario: str, host: str, names: list[str]) -> Sipp:
    users = [(name, f"[authentication username={name} password=guess]") for name in names]
    return Sipp(
        folder / scenario,
        scenario,
        remote=node.address,
        host=host,
        users=users,
        calls=len(names),
        rate=100,
    )


async def banned(node: Node, host: str) -> dict[str, Any]:
    found = [each for each in (await node.get("bans"))["items"] if each["address"] == host]
    assert len(found) == 1, await node.get("bans")
    return dict(found[0])


async def talk(alice: Phone, bob: Phone) -> None:
    await Pair(alice, bob).talk("102")
    await alice.hangup()
    await bob.wait_for("CALL_CLOSED")


async def test_phones_register_and_call_through_a_scan_and_a_flood_of_guesses(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        scan = attack(node, tmp_path, "scan", SCANNER, [str(number) for number in range(200, 600)])
        # In turn, so that no account's wait is met before the address's limit.
        names = [str(number) for number in range(101, 131)] * 10
        guess = attack(node, tmp_path, "guess", GUESSER, names)
        under_way = [asyncio.create_task(scan.run()), asyncio.create_task(guess.run())]
        await talk(alice, bob)
        await asyncio.gather(*under_way)  # SIPp's own verdict does not matter: what is dropped fails
        await talk(alice, bob)
        async with phones(phone(node, "103")) as (carol,):
            await carol.registered()
        scanner, guesser = await banned(node, SCANNER), await banned(node, GUESSER)
        metrics = await node.metrics()
        (one,) = await node.registrations("101")
    assert scanner["reason"] == "unknown_extensions"
    assert guesser["reason"] == "wrong_credentials"
    assert {"101", "102"} & set(guesser["extensions"])
    assert metrics["pbx_bans"] == 2
    assert metrics["pbx_turned_away_total"] > 200  # the rest of the scan alone
    assert metrics['pbx_sip_offences_total{kind="auth_failed"}'] == 60
    assert one["source"].startswith("127.0.0.1:")


async def test_a_phone_with_a_wrong_password_is_found_in_plain_words(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", password="not-the-right-one")
    async with phones(alice):
        async with asyncio.timeout(10):
            while not (await node.get("refused-sign-ins"))["items"]:
                await asyncio.sleep(0.05)
        (shown,) = (await node.get("refused-sign-ins"))["items"]
    assert shown["extension"] == "101"
    assert shown["notice"].startswith("The phone at 127.0.0.1 (baresip")
    assert "has a wrong password for extension 101" in shown["notice"]
    assert (await node.get("bans"))["total"] == 0


async def test_a_ban_cuts_connections_and_outlives_a_restart(tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    async with running(node):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        streams = [await connected(node, node.sip_port), await connected(node, node.sip_tls_port, context)]
        ban = await node.send("POST", "bans", {"address": OTHER, "note": "a test"})
        assert ban["until"] is None
        for reader, writer in streams:
            assert await ended(reader)
            writer.close()
        await shut_out(node)
    async with running(node):
        await shut_out(node)
        assert (await banned(node, OTHER))["notice"] == f"{OTHER} was banned by hand: a test"
        async with (
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {node.token}"}) as session,
            session.delete(f"{node.url}/api/v1/bans/{OTHER}") as answer,
        ):
            assert answer.status == 204
        assert await asyncio.to_thread(options, node, OTHER) != b""


async def connected(
    node: Node, port: int, context: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", port, local_addr=(OTHER, 0), ssl=context)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Whether the node ended the connection, and said nothing."""
    try:
        return await asyncio.wait_for(reader.read(), 3) == b""
    except ConnectionResetError:
        return True


async def shut_out(node: Node) -> None:
    """UDP, TCP and SIP over WebSocket from there, and not the API."""
    assert await asyncio.to_thread(options, node, OTHER) == b""
    assert await asyncio.to_thread(options, node, "127.0.0.1") != b""
    reader, writer = await connected(node, node.sip_port)
    assert await ended(reader)
    writer.close()
    connector = aiohttp.TCPConnector(local_addr=(OTHER, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.ws_connect(f"{node.url}/ws/sip", protocols=("sip",))
        async with session.get(f"{node.url}/api/v1/health") as answer:
            assert answer.status == 200


def options(node: Node, host: str, agent: str = "test") -> bytes:
    """What comes back for an OPTIONS; nothing within half a second is b""."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        sock.settimeout(0.5)
        port = sock.getsockname()[1]
        message = (
            f"OPTIONS sip:{node.address} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{port};rport\r\n"
            f"From: <sip:x@{host}>;tag=1\r\nTo: <sip:{node.address}>\r\nCall-ID: {host}{port}\r\n"
            f"CSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nUser-Agent: {agent}\r\nContent-Length: 0\r\n\r\n"
        )
        sock.sendto(message.encode(), ("127.0.0.1", node.sip_port))
        try:
            return sock.recv(65535)
        except TimeoutError:
            return b""


async def test_a_known_scanner_gets_no_answer(node: Node) -> None:
    assert await asyncio.to_thread(options, node, OTHER) != b""
    assert await asyncio.to_thread(options, node, OTHER, "friendly-scanner") == b""


async def test_the_sip_messages_of_a_call_can_be_seen_and_opened_in_wireshark(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    alice = phone(node, "101", transport="tls", encryption="srtp-mand")
    bob = phone(node, "102", encryption="srtp-mand")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await talk(alice, bob)
    (cdr,) = await node.cdrs()
    trace = await node.get(f"sip-traces/{cdr['id']}")
    listed = (await node.get("sip-traces"))["items"]
    capture = await download(node, f"sip-traces/{cdr['id']}.pcap")
    first = await node.get(f"sip-traces/{trace['call_ids'][1]}")
    steps = [(each["method"], each["status"], each["outgoing"]) for each in trace["messages"]]
    assert len(trace["call_ids"]) >= 2  # more when a phone wants to be asked again, with or without keys
    assert first["messages"] == trace["messages"]
    assert steps[:3] == [("INVITE", None, False), ("INVITE", 401, True), ("ACK", None, False)]
    for step in (
        ("INVITE", None, True), ("INVITE", 180, False), ("INVITE", 180, True), ("INVITE", 200, False),
        ("INVITE", 200, True), ("BYE", None, False), ("BYE", None, True), ("BYE", 200, True), ("BYE", 200, False),
    ):  # fmt: skip
        assert step in steps, steps
    text = "".join(each["raw"] for each in trace["messages"])
    assert 'response="' + 32 * "x" in text
    assert "inline:" + 40 * "x" in text
    assert {"TLS", "UDP"} <= {each["transport"] for each in trace["messages"]}
    assert [each["id"] for each in listed if each["method"] == "INVITE"] == [cdr["id"]]
    assert {each["from_uri"].split("@")[0] for each in listed if each["method"] == "REGISTER"} == {
        "sip:101",
        "sip:102",
    }
    packets = pcap.read(capture)
    assert [packet.data.decode() for packet in packets] == [each["raw"] for each in trace["messages"]]
    assert {packet.source[0] for packet in packets} == {"127.0.0.1"}
    in_tshark(capture, tmp_path, trace)


def in_tshark(capture: bytes, folder: Path, trace: dict[str, Any]) -> None:
    if shutil.which("tshark") is None:
        return
    file = folder / "call.pcap"
    file.write_bytes(capture)
    shown = subprocess.run(
        [
            "tshark",
            "-r",
            str(file),
            "-Y",
            "sip",
            "-T",
            "fields",
            "-e",
            "sip.Call-ID",
            "-e",
            "sip.CSeq.method",
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()
    assert shown == [f"{each['call_id']}\t{each['method']}" for each in trace["messages"]]


async def download(node: Node, path: str) -> bytes:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {node.token}"}) as session,
        session.get(f"{node.url}/api/v1/{path}") as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/vnd.tcpdump.pcap"
        return await response.read()
