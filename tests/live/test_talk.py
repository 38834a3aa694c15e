"""Two softphones talk through the node: each hears the other's tone, without gaps, and the history is right."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.raw_call import RawPhone

ALICE_HZ, BOB_HZ = 440.0, 880.0
pytestmark = pytest.mark.timeout(120)


async def registered(*wanted: Phone) -> None:
    await asyncio.gather(*(phone.registered() for phone in wanted))


def assert_heard(phone: Phone, frequency_hz: float, *, seconds: float) -> None:
    """The tone is there from end to end: right pitch, right level, no gap, nothing else that is louder."""
    sound = phone.heard()
    assert sound.seconds >= seconds, f"only {sound.seconds:.2f} s were heard"
    steady = sound.between(0.3, sound.seconds - 0.1)
    assert steady.dominant_hz() == pytest.approx(frequency_hz, abs=3)
    assert steady.level_dbfs(frequency_hz) == pytest.approx(-12, abs=1.5)
    assert steady.gaps(frequency_hz) == []


@pytest.mark.parametrize("codec", ["PCMU", pytest.param("PCMA", marks=pytest.mark.slow), "G722", "opus"])
async def test_both_sides_hear_the_other_tone_without_gaps(node: Node, phone: PhoneMaker, codec: str) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, codecs=(codec,))
    bob = phone(node, "102", tone_hz=BOB_HZ, codecs=(codec,))
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(3)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    assert_heard(alice, BOB_HZ, seconds=2.5)
    assert_heard(bob, ALICE_HZ, seconds=2.5)
    assert cdr["disposition"] == "answered"
    assert cdr["from_extension"] == "101"
    assert cdr["dialled"] == cdr["to_extension"] == "102"
    assert cdr["talk_s"] == pytest.approx(3.0, abs=0.7)
    assert not cdr["interrupted"]


async def test_phones_that_use_tcp_talk_too(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, transport="tcp")
    bob = phone(node, "102", tone_hz=BOB_HZ, transport="udp")
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(2)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
        await Pair(bob, alice).talk("101")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        first, second = await node.cdrs(at_least=2)
    assert first["disposition"] == second["disposition"] == "answered"
    assert first["hung_up_by"] != "a"
    assert second["hung_up_by"] != "a"


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_either_side_may_hang_up(node: Node, phone: PhoneMaker, who: str) -> None:
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        quits, other = (alice, bob) if who == "caller" else (bob, alice)
        await quits.hangup()
        await other.wait_for("CALL_CLOSED", timeout_s=3)
        (cdr,) = await node.cdrs()
        await node.no_calls()
    assert cdr["disposition"] == "answered"
    assert cdr["cause"] == "normal"
    assert (cdr["hung_up_by"] == "a") == (who == "caller")


@pytest.mark.parametrize("who", ["caller", "callee"])
async def test_hold_and_resume_from_either_side(node: Node, phone: PhoneMaker, who: str) -> None:
    """What the held phone hears. (baresip 1.0 stops recording when it holds: see the next test for the holder.)"""
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    holder, other = (alice, bob) if who == "caller" else (bob, alice)
    holder_hz = ALICE_HZ if who == "caller" else BOB_HZ
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1.5)
        before = other.heard().seconds
        await holder.hold()
        await _state(node, "held")
        await asyncio.sleep(0.5)
        on_hold = other.heard().seconds
        await asyncio.sleep(1.5)
        held = other.heard().seconds
        await holder.resume()
        await _state(node, "talking")
        await asyncio.sleep(0.5)
        resumed = other.heard().seconds
        await asyncio.sleep(1.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
        await node.no_calls()
    sound = other.heard()
    assert sound.between(0.2, before - 0.1).gaps(holder_hz) == []
    assert sound.between(on_hold, held).level_dbfs(holder_hz) < -40, "the held side still heard the holder"
    after = sound.between(resumed, -0.1)
    assert after.seconds > 1
    assert after.level_dbfs(holder_hz) == pytest.approx(-12, abs=2)
    assert after.gaps(holder_hz) == []
    kinds = [event["type"] for event in cdr["events"]]
    assert kinds.count("leg_held") == kinds.count("leg_resumed") == 1


@pytest.mark.parametrize(
    ("how", "who"),
    [
        ("sendonly", "caller"),
        ("inactive", "callee"),
        pytest.param("sendonly", "callee", marks=pytest.mark.slow),
        pytest.param("inactive", "caller", marks=pytest.mark.slow),
    ],
)
async def test_holder_hears_nothing_until_it_resumes(
    node: Node, phone: PhoneMaker, who: str, how: str
) -> None:
    bob = phone(node, "102", tone_hz=BOB_HZ)
    async with phones(bob):
        await bob.registered()
        with RawPhone(node, "101", tone_hz=ALICE_HZ) as holder:
            if who == "caller":
                calling = asyncio.create_task(asyncio.to_thread(holder.call, "102"))
                await bob.wait_for("CALL_INCOMING")
                await bob.accept()
                await calling
            else:
                holder.register()
                await bob.dial("101")
                await asyncio.to_thread(holder.answer)
            await asyncio.to_thread(holder.pump, 1.0)
            await asyncio.to_thread(holder.reoffer, how)
            held_at = time.monotonic() + 0.2
            await asyncio.to_thread(holder.pump, 1.2)
            heard_on_hold = holder.ears.count_since(held_at)
            await asyncio.to_thread(holder.reoffer, "sendrecv")
            resumed_at = time.monotonic() + 0.2
            await asyncio.to_thread(holder.pump, 1.7)
            await asyncio.to_thread(holder.hang_up)
        await bob.wait_for("CALL_CLOSED")
    assert heard_on_hold == 0, "no packet for a phone that said it does not listen"
    after = holder.ears.since(resumed_at)
    assert after.seconds > 1.2
    assert after.level_dbfs(BOB_HZ) == pytest.approx(-12, abs=2)
    assert after.gaps(BOB_HZ) == []


async def _state(node: Node, state: str) -> None:
    """Wait until the one live call is in this state."""
    async with asyncio.timeout(5):
        while [call["state"] for call in (await node.get("calls"))["items"]] != [state]:
            await asyncio.sleep(0.05)


async def test_digits_reach_the_other_phone_once_each(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", tone_hz=ALICE_HZ), phone(node, "102", tone_hz=BOB_HZ)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(0.5)
        await alice.send_digits("159*#")
        await bob.send_digits("7")
        await asyncio.sleep(0.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    assert [event.param for event in bob.events if event.type == "CALL_DTMF_START"] == list("159*#")
    assert [event.param for event in alice.events if event.type == "CALL_DTMF_START"] == ["7"]
    seen = [
        (event["leg"], event["digit"], event["via"]) for event in cdr["events"] if event["type"] == "digit"
    ]
    assert seen == [("a", "", "rfc4733")] * 5 + [("b1", "", "rfc4733")], "which digits is nobody's business"


async def test_caller_id_reaches_the_callee(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await registered(alice, bob)
        await alice.dial("102")
        incoming = await bob.wait_for("CALL_INCOMING")
        invite = bob.log[bob.log.rindex("INVITE sip:") :]
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert incoming.fields["peeruri"].startswith("sip:101@")
    assert 'From: "Phone 101" <sip:101@' in invite
    assert 'P-Asserted-Identity: "Phone 101" <sip:101@' in invite
