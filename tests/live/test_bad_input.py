"""Whatever arrives at the ports, the node stays up, says what the RFC wants or nothing, and logs no traceback."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.raw import Peer
from tests.live.raw_call import RawPhone

pytestmark = pytest.mark.timeout(120)

OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)
SDP = ("Content-Type: application/sdp",)


def alive(node: Node) -> None:
    """The node still answers a polite question."""
    with Peer(node.sip_port) as peer:
        peer.send(peer.message("OPTIONS", "101"))
        assert peer.final().status == 200


async def test_malformed_datagrams_are_answered_or_dropped_and_counted(node: Node) -> None:
    dice = random.Random(4475)
    with Peer(node.sip_port) as peer:
        good = peer.message("OPTIONS", "101")
        attacks = [
            b"",
            b"\x00",
            b"\r\n\r\n",
            b"\xff" * 1400,
            b"INVITE",
            b"INVITE sip:x SIP/2.0\r\n\r\n",
            b"SIP/2.0 200 OK\r\n\r\n",
            b"SIP/2.0 999999999999 x\r\n\r\n",
            good.replace(b"CSeq: 1", b"CSeq: 99999999999999999999"),
            good.replace(b"CSeq: 1 OPTIONS", b"CSeq: 1 INVITE"),
            good.replace(b"SIP/2.0\r\n", b"SIP/7.0\r\n", 1),
            good.replace(b"Content-Length: 0", b"Content-Length: -5"),
            good.replace(b"Content-Length: 0", b"Content-Length: 99999"),
            good.replace(b"From: <", b"From: <<<<"),
            good.replace(b"Via: SIP/2.0/UDP", b"Via: SIP/2.0/CARRIER-PIGEON"),
            good.replace(b"sip:101@", b"sip:%zz@", 1),
            b"OPTIONS " + b"a" * 60000 + b" SIP/2.0\r\n\r\n",
            good[:-2] + b"X: y\r\n" * 5000 + b"\r\n",
        ]
        for _ in range(500):
            mutant = bytearray(good)
            for _ in range(dice.randrange(1, 12)):
                mutant[dice.randrange(len(mutant))] = dice.randrange(256)
            attacks.append(bytes(mutant[: dice.randrange(1, len(mutant) + 1)]))
        for attack in attacks:
            with contextlib.suppress(OSError):  # the largest do not fit a datagram
                peer.send(attack)
            await asyncio.sleep(0.001)
        while (answer := await asyncio.to_thread(peer.receive, 0.3)) is not None:
            assert 200 <= answer.status <= 699
    await asyncio.to_thread(alive, node)
    dropped = {name: value for name, value in (await node.metrics()).items() if "sip" in name and value}
    assert any("malformed" in name or "parse" in name or "bad" in name for name in dropped), dropped


@pytest.mark.parametrize("drip", [b"X-Slow: and steady\r\n", pytest.param(b"a", marks=pytest.mark.slow)])
async def test_endless_tcp_stream_is_cut_at_a_limit(node: Node, drip: bytes) -> None:
    def pour() -> int:
        sent = 0
        with socket.create_connection(("127.0.0.1", node.sip_port), 5) as stream:
            stream.settimeout(5)
            stream.sendall(b"OPTIONS sip:101@127.0.0.1 SIP/2.0\r\n")
            with contextlib.suppress(ConnectionError):
                while sent < 5_000_000:
                    stream.sendall(drip * 500)
                    sent += len(drip) * 500
                    time.sleep(0.001)
        return sent

    assert await asyncio.to_thread(pour) < 2_000_000, "the node let a header without end go on"
    await asyncio.to_thread(alive, node)


async def test_many_idle_tcp_connections_do_not_stop_the_phones(node: Node, phone: PhoneMaker) -> None:
    idle = [socket.create_connection(("127.0.0.1", node.sip_port), 5) for _ in range(100)]
    try:
        alice = phone(node, "101")
        async with phones(alice):
            await alice.registered()
    finally:
        for stream in idle:
            stream.close()


async def test_unknown_and_known_extension_get_the_same_challenge(node: Node) -> None:
    def challenge(user: str) -> list[str]:
        with Peer(node.sip_port) as peer:
            peer.send(peer.message("REGISTER", user, headers=("Expires: 60",)))
            answer = peer.final()
        assert answer.status == 401
        names = [name for name in answer.headers if name not in {"via", "from", "to", "call-id"}]
        shapes = [value.split("nonce=")[0] for value in answer.headers["www-authenticate"]]
        return names + shapes

    assert await asyncio.to_thread(challenge, "101") == await asyncio.to_thread(challenge, "987")


async def test_wrong_password_is_refused_the_same_for_known_and_unknown(node: Node) -> None:
    def attempt(user: str) -> int:
        with Peer(node.sip_port) as peer:
            return peer.register(user, "a wild guess").status

    known, unknown = await asyncio.to_thread(attempt, "101"), await asyncio.to_thread(attempt, "987")
    assert known == unknown
    assert known in {401, 403}
    assert (await node.get("registrations"))["total"] == 0


async def test_sdp_without_usable_audio_is_488(node: Node) -> None:
    def invite(body: bytes) -> int:
        with Peer(node.sip_port) as peer:
            return peer.request(
                "INVITE", "101", node.password("101"), to="*43", headers=SDP, body=body
            ).status

    video = OFFER.replace(b"m=audio 40000 RTP/AVP 0", b"m=video 40000 RTP/AVP 96")
    strange = OFFER.replace(b"RTP/AVP 0", b"RTP/AVP 97").replace(b"0 PCMU/8000", b"97 WHALESONG/8000")
    assert await asyncio.to_thread(invite, video) == 488
    assert await asyncio.to_thread(invite, strange) == 488
    assert await asyncio.to_thread(invite, b"v=0 this is no session\r\n") in {400, 488}
    many = OFFER + b"m=audio 40000 RTP/AVP 0\r\n" * 500
    assert await asyncio.to_thread(invite, many) in {400, 488}


async def test_phone_that_left_without_a_word_does_not_deafen_the_node(node: Node) -> None:
    """An INVITE to a closed port comes back as an ICMP error; the socket must go on being read."""

    def call_the_dead() -> None:
        with Peer(node.sip_port) as gone:
            assert gone.register("102", node.password("102")).status == 200
        for _ in range(3):
            with Peer(node.sip_port) as peer:
                answer = peer.request(
                    "INVITE", "101", node.password("101"), to="102", headers=SDP, body=OFFER
                )
                assert answer.status in {480, 503}
                peer.acknowledge(answer, "101", "102")
                assert peer.receive(1.2) is None, "the ACK was heard, so the refusal is not sent again"
        alive(node)

    await asyncio.to_thread(call_the_dead)


async def test_full_port_pool_is_503_with_retry_after(tmp_path: Path) -> None:
    """Three pairs of ports, so the fourth echo test at the latest finds none; then one hangs up, and there is one."""
    async with running(Node(tmp_path / "node", rtp_ports=6)) as node:
        with contextlib.ExitStack() as stack:
            talking: list[RawPhone] = []
            while True:
                caller = stack.enter_context(RawPhone(node, "101"))
                answer = await asyncio.to_thread(caller.dial, "*43")
                if answer.status != 200:
                    break
                talking.append(caller)
            assert 1 <= len(talking) <= 3
            assert answer.status == 503
            assert int(answer.header("retry-after").split()[0]) > 0
            complaints = [line for line in node.log.splitlines() if "no RTP port is free" in line]
            assert len(complaints) == 1, "a full pool is one clear line in the log"
            assert "--rtp-port-max" in complaints[0]
            node.expected_errors = tuple(complaints)
            for caller in talking:
                await asyncio.to_thread(caller.hang_up)
        await asyncio.sleep(5.5)  # a pair that was closed rests for five seconds
        with RawPhone(node, "101") as caller:
            assert (await asyncio.to_thread(caller.dial, "*43")).status == 200
            await asyncio.to_thread(caller.hang_up)


@pytest.mark.slow
async def test_call_whose_caller_never_acknowledges_is_ended(node: Node, phone: PhoneMaker) -> None:
    bob = phone(node, "102", tone_hz=880)
    async with phones(bob):
        await bob.registered()

        def invite() -> int:
            with Peer(node.sip_port) as peer:
                call_id = "never-acknowledged"
                peer.send(peer.message("INVITE", "101", to="102", call_id=call_id, headers=SDP, body=OFFER))
                refused = peer.final()
                peer.acknowledge(refused, "101", "102")
                peer.answer_challenge(
                    refused,
                    "INVITE",
                    "101",
                    node.password("101"),
                    to="102",
                    call_id=call_id,
                    headers=SDP,
                    body=OFFER,
                )
                return peer.final(20).status

        status = asyncio.create_task(asyncio.to_thread(invite))
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        assert await status == 200
        await bob.wait_for("CALL_CLOSED", timeout_s=40)  # 64*T1 = 32 s
        (cdr,) = await node.cdrs()
    assert cdr["cause"] == "ack_missing"
