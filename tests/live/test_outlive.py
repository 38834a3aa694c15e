"""Established calls outlive the node: it is killed and started again, and the phones go on talking."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.service_manager import ManagedNode, Manager
from tests.live.test_codes import code
from tests.live.test_talk import registered

ALICE_HZ, BOB_HZ, CAROL_HZ = 440.0, 880.0, 660.0
pytestmark = pytest.mark.timeout(120)


async def killed_and_started(node: Node) -> None:
    node.kill()
    await node.start()


async def hears(phone: Phone, frequency_hz: float, *, within_s: float = 15.0) -> None:
    """Until the phone has heard half a second of the tone that was said after now."""
    since = seconds_heard(phone)
    async with asyncio.timeout(within_s):
        while True:
            if seconds_heard(phone) > since + 0.7:
                sound = phone.heard()
                newest = sound.between(sound.seconds - 0.5, sound.seconds - 0.05)
                if newest.level_dbfs(frequency_hz) > -15 and not newest.gaps(frequency_hz):
                    return
            await asyncio.sleep(0.1)


def seconds_heard(phone: Phone) -> float:
    with suppress(FileNotFoundError):
        return phone.heard().seconds
    return 0.0


async def one_record(node: Node, *, answered: bool = True) -> dict[str, Any]:
    await node.no_calls()
    (cdr,) = await node.cdrs()
    assert not cdr["interrupted"]
    assert cdr["disposition"] == ("answered" if answered else cdr["disposition"])
    return cdr


async def test_a_call_goes_on_after_a_kill(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    carol = phone(node, "103", tone_hz=CAROL_HZ, codecs=("G722",))
    async with phones(alice, bob, carol):
        await registered(alice, bob, carol)
        await Pair(alice, bob).talk("102")
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        (before,) = (await node.get("calls"))["items"]
        await killed_and_started(node)
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        (call,) = (await node.get("calls"))["items"]
        assert (call["id"], call["state"]) == (before["id"], "talking")
        await killed_and_started(node)
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        await alice.send_digits("15")
        await bob.send_digits("9")
        await bob.hold()
        await _state(node, "held")
        await bob.resume()
        await _state(node, "talking")
        await hears(alice, BOB_HZ)  # baresip 1.0 does not record again what it hears after it held
        await bob.command("transfer", "103")
        await carol.wait_for("CALL_INCOMING")
        await carol.accept()
        await bob.wait_for("CALL_CLOSED")
        await asyncio.gather(hears(alice, CAROL_HZ), hears(carol, ALICE_HZ))
        await killed_and_started(node)  # now they speak different codecs
        await asyncio.gather(hears(alice, CAROL_HZ), hears(carol, ALICE_HZ))
        await alice.hangup()
        await carol.wait_for("CALL_CLOSED")
        cdr = await one_record(node)
    assert [event.param for event in bob.events if event.type == "CALL_DTMF_START"] == list("15")
    assert [event.param for event in alice.events if event.type == "CALL_DTMF_START"] == ["9"]
    assert (cdr["id"], cdr["cause"], cdr["hung_up_by"]) == (before["id"], "normal", "a")
    assert cdr["talk_s"] > 5


async def _state(node: Node, state: str) -> None:
    async with asyncio.timeout(20):
        while [call["state"] for call in (await node.get("calls"))["items"]] != [state]:
            await asyncio.sleep(0.05)


async def test_encrypted_calls_go_on_and_signalling_when_the_phone_connects_again(
    node: Node, phone: PhoneMaker
) -> None:
    """Keys in SDP over TLS on one side, a DTLS handshake over UDP on the other."""
    alice = phone(node, "101", tone_hz=ALICE_HZ, transport="tls", encryption="srtp-mand")
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption="dtls_srtp")
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        await killed_and_started(node)
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        await killed_and_started(node)
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        await alice.hold()  # over a connection that it opens for that
        await _state(node, "held")
        await asyncio.sleep(0.5)  # what changed in the last moment before a kill is not written down
        await killed_and_started(node)
        await _state(node, "held")
        await alice.resume()
        await _state(node, "talking")
        await hears(bob, ALICE_HZ)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        cdr = await one_record(node)
    assert cdr["hung_up_by"] not in ("a", "node")


async def test_a_phone_that_rings_rings_again_and_no_other_does(node: Node, phone: PhoneMaker) -> None:
    """The caller has heard that it rings; it need not dial again. One row tells the whole call."""
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await alice.wait_for("CALL_RINGING")
        await asyncio.sleep(0.5)  # what has hardly rung is not written down
        await killed_and_started(node)
        await bob.wait_for("CALL_CLOSED")
        if sum(event.type == "CALL_INCOMING" for event in bob.events) < 2:
            await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        cdr = await one_record(node)
    kinds = [event["type"] for event in cdr["events"]]
    assert (kinds.count("offered"), kinds.count("leg_dialled")) == (1, 2)


@pytest.mark.slow
async def test_who_waits_waits_on_and_who_meets_meets_on(tmp_path: Path, phone: PhoneMaker) -> None:
    """A parking slot, a line and a conference, each with people in it."""
    numbers = ("101", "102", "103", "104", "105")
    async with running(Node(tmp_path / "node", extensions=numbers, rtp_ports=60)) as node:
        await node.send(
            "POST",
            "queues",
            {"number": "700", "name": "Help", "agents": [{"extension": "102"}], "wrap_up_s": 0},
        )
        await node.send(
            "POST",
            "conferences",
            {"number": "800", "name": "All", "announce": "nothing", "pin": "4242", "moderator_pin": "98765"},
        )
        made = [
            phone(node, each, tone_hz=hz) for each, hz in zip(numbers, (440, 880, 550, 660, 770), strict=True)
        ]
        alice, bob, carol, dave, eve = made
        async with phones(*made):
            await registered(*made)
            await code(bob, "*46")
            for each in (alice, bob):
                await each.dial("800")
                await each.wait_for("CALL_ESTABLISHED")
                await each.send_digits("4242#")
            await eve.dial("700")
            await eve.wait_for("CALL_ESTABLISHED")
            await Pair(carol, dave).talk("104")
            await dave.command("transfer", "*683")
            await dave.wait_for("CALL_CLOSED")
            await _until(node, "conference-statuses/800", lambda now: _inside(now) == 2)
            await hears(alice, 880.0)
            waited = (await node.get("queue-statuses/700"))["longest_wait_s"]

            await killed_and_started(node)
            await _until(node, "conference-statuses/800", lambda now: _inside(now) == 2)
            await asyncio.gather(hears(alice, 880.0), hears(bob, 440.0))
            status = await node.get("queue-statuses/700")
            assert (status["waiting"], status["longest_wait_s"] > waited + 0.5) == (1, True)
            (parked,) = (await node.get("parked-calls"))["items"]
            assert (parked["slot"], parked["party"], parked["by"]) == ("3", "103", "104")

            await dave.dial("*683")
            await dave.wait_for("CALL_ESTABLISHED")
            await asyncio.gather(hears(carol, 660.0), hears(dave, 550.0))
            await bob.hangup()
            await bob.wait_for("CALL_INCOMING")
            await bob.accept()
            await asyncio.gather(hears(bob, 770.0), hears(eve, 880.0))
            for each in (alice, bob, dave):
                await each.hangup()
            await node.no_calls()
            cdrs = await node.cdrs(at_least=5)
        assert {each["disposition"] for each in cdrs} == {"answered"}
        assert not any(each["interrupted"] for each in cdrs)
        (line,) = [each for each in cdrs if each["queue"]]
        kinds = [event["type"] for event in line["events"]]
        assert (kinds.count("queue_joined"), kinds.count("queue_left")) == (1, 1)


def _inside(status: dict[str, Any]) -> int:
    return [each["state"] for each in status["members"]].count("in")


async def _until(node: Node, path: str, wanted: Callable[[dict[str, Any]], bool]) -> None:
    async with asyncio.timeout(20):
        while not wanted(await node.get(path)):
            await asyncio.sleep(0.1)


async def test_nobody_sees_a_closed_port_while_systemd_keeps_the_sockets(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    """What comes while no node is there waits in the sockets: old sound is thrown away, a BYE is answered."""
    manager = Manager(tmp_path / "notify")
    async with running(ManagedNode(tmp_path / "node", manager=manager)) as node:
        alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
        async with phones(alice, bob):
            await registered(alice, bob)
            await Pair(alice, bob).talk("102")
            await hears(alice, BOB_HZ)
            node.leave()
            manager.look()
            assert "READY=1" in manager.said
            assert manager.said.count("WATCHDOG=1") >= 2
            rtp = [int(name.partition("-")[2]) for name in manager.files if name.startswith("rtp-")]
            assert len(rtp) == 2
            for port in (node.sip_port, *rtp, *(each + 1 for each in rtp)):
                with (
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
                    pytest.raises(OSError, match="in use"),
                ):
                    other.bind(("127.0.0.1", port))
            await asyncio.sleep(0.5)
            await node.start()
            await asyncio.gather(hears(alice, BOB_HZ), hears(bob, ALICE_HZ))
            node.kill()
            await bob.hangup()
            await node.start()
            await alice.wait_for("CALL_CLOSED")
            cdr = await one_record(node)
            assert cdr["hung_up_by"] == "b1"
            await asyncio.sleep(0.3)
            manager.look()
            assert set(manager.files) == {"sip-udp-4"}, "what is closed is kept nowhere"
    manager.close()


async def test_kept_sockets_are_found_again_in_a_crowd(tmp_path: Path, phone: PhoneMaker) -> None:
    """Most pairs of ports are in use by calls, each start looks for a free one, and systemd hands the sockets over in
    no order: no call loses its own.
    """
    manager = Manager(tmp_path / "notify", order=random.Random(9).shuffle)
    node = ManagedNode(
        tmp_path / "node", manager=manager, extensions=("101", "102", "103", "104"), rtp_ports=10
    )
    async with running(node):
        people = [phone(node, f"10{n}", tone_hz=440.0 + 110 * n) for n in range(1, 5)]
        async with phones(*people):
            await registered(*people)
            await Pair(people[0], people[1]).talk("102")
            await Pair(people[2], people[3]).talk("104")
            await hears(people[2], 880.0)  # by then the answer is written down
            for turn in range(3):
                node.leave() if turn % 2 else node.kill()
                await node.start()
                assert len((await node.get("calls"))["items"]) == 2, node.log
                assert "does not go on" not in node.log
            await asyncio.gather(hears(people[0], 660.0), hears(people[3], 770.0))
            for each in people[::2]:
                await each.hangup()
            await node.no_calls()
    manager.close()
