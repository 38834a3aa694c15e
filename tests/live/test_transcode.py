"""Phones without a common codec talk through the node: each hears the other's tone, also after hold and resume."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import ALICE_HZ, BOB_HZ, registered

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize(
    ("caller", "callee"),
    [("PCMU", "opus"), pytest.param("G722", "PCMU", marks=pytest.mark.slow), ("opus", "G722")],
)
async def test_phones_without_a_common_codec_hear_each_other(
    node: Node, phone: PhoneMaker, caller: str, callee: str
) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, codecs=(caller,))
    bob = phone(node, "102", tone_hz=BOB_HZ, codecs=(callee,))
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(3)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    for who, hz in ((alice, BOB_HZ), (bob, ALICE_HZ)):
        sound = who.heard()
        steady = sound.between(0.5, sound.seconds - 0.2)
        assert steady.seconds > 1.5
        assert steady.dominant_hz() == pytest.approx(hz, abs=3)
        assert steady.level_dbfs(hz) == pytest.approx(-12, abs=1.5)
        assert steady.gaps(hz) == []
    (joined,) = [each for each in cdr["events"] if each["type"] == "audio_joined"]
    assert joined["transcoded"]
    assert (joined["caller_codec"], joined["codec"]) == (caller, callee)


async def test_phones_with_a_common_codec_are_not_transcoded_though_more_is_offered(
    node: Node, phone: PhoneMaker
) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, codecs=("PCMA", "PCMU"))
    bob = phone(node, "102", tone_hz=BOB_HZ, codecs=("opus", "PCMU"))
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    (joined,) = [each for each in cdr["events"] if each["type"] == "audio_joined"]
    assert (joined["caller_codec"], joined["codec"], joined["transcoded"]) == ("PCMU", "PCMU", False)


async def test_a_transcoded_call_is_held_and_resumed(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, codecs=("PCMU",))
    bob = phone(node, "102", tone_hz=BOB_HZ, codecs=("opus",))
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await alice.hold()
        await asyncio.sleep(1.5)
        await alice.resume()
        await asyncio.sleep(2)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    kinds = [each["type"] for each in cdr["events"]]
    assert kinds.index("leg_held") < kinds.index("leg_resumed")
    for who, hz in ((alice, BOB_HZ), (bob, ALICE_HZ)):
        sound = who.heard()
        assert sound.between(sound.seconds - 1.2, sound.seconds - 0.2).dominant_hz() == pytest.approx(
            hz, abs=3
        )
