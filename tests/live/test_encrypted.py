"""Phones that encrypt: tones both ways through SRTP and plain RTP, with keys from SDP and from DTLS."""

from __future__ import annotations

import asyncio

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import ALICE_HZ, BOB_HZ, assert_heard, registered

pytestmark = pytest.mark.timeout(120)
SDES, DTLS = "srtp-mand", "dtls_srtp"
SAYS = {SDES: "SRTP is Enabled", "srtp": "SRTP is Enabled", DTLS: "DTLS-SRTP complete"}
"""What baresip prints when it encrypts."""


async def talk(alice: Phone, bob: Phone, seconds: float = 2.5) -> None:
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(seconds)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")


def assert_encrypted(*wanted: Phone) -> None:
    for phone in wanted:
        assert SAYS[phone.account.encryption] in phone.log, f"no keys were agreed:\n{phone.log[-4000:]}"


@pytest.mark.parametrize(("one", "other"), [(SDES, "srtp"), ("srtp", SDES), (SDES, "")])
async def test_sdes(node: Node, phone: PhoneMaker, one: str, other: str) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=one)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=other)
    await talk(alice, bob)
    assert_heard(alice, BOB_HZ, seconds=2)
    assert_heard(bob, ALICE_HZ, seconds=2)
    assert_encrypted(alice, *[bob] if other else [])


async def test_hold_and_resume(node: Node, phone: PhoneMaker) -> None:
    """The held phone hears the hold tone, then the holder again, all under one key."""
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=SDES)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=SDES)
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await bob.hold()
        await asyncio.sleep(0.5)
        on_hold = alice.heard().seconds
        await asyncio.sleep(1)
        held = alice.heard().seconds
        await bob.resume()
        await asyncio.sleep(0.5)
        resumed = alice.heard().seconds
        await asyncio.sleep(1.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    sound = alice.heard()
    assert sound.between(on_hold, held).level_dbfs(BOB_HZ) < -40, "the held side still heard the holder"
    after = sound.between(resumed, -0.1)
    assert after.level_dbfs(BOB_HZ) == pytest.approx(-12, abs=2)
    assert after.gaps(BOB_HZ) == []
    assert_encrypted(alice, bob)


@pytest.mark.parametrize("other", [DTLS, SDES, ""])
async def test_dtls(node: Node, phone: PhoneMaker, other: str) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=DTLS)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=other)
    await talk(alice, bob, seconds=3.5)
    assert_heard(alice, BOB_HZ, seconds=2)
    assert_heard(bob, ALICE_HZ, seconds=2)
    assert_encrypted(alice, *[bob] if other else [])
