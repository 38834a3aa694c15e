"""Phones that encrypt: tones both ways through SRTP and plain RTP, with keys from SDP and from DTLS."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.baresip import Pair, Phone, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
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


SLOW = pytest.mark.slow


@pytest.mark.parametrize(
    ("one", "other"),
    [(SDES, ""), pytest.param(SDES, "srtp", marks=SLOW), pytest.param("srtp", SDES, marks=SLOW)],
)
async def test_sdes(node: Node, phone: PhoneMaker, one: str, other: str) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=one)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=other)
    await talk(alice, bob)
    assert_heard(alice, BOB_HZ, seconds=2)
    assert_heard(bob, ALICE_HZ, seconds=2)
    assert_encrypted(alice, *[bob] if other else [])


@pytest.mark.parametrize("how", [SDES, pytest.param(DTLS, marks=SLOW)])
async def test_hold_and_resume(node: Node, phone: PhoneMaker, how: str) -> None:
    """The held phone hears the hold tone, then the holder again, all under one key."""
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=how)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=how)
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


@pytest.mark.parametrize("other", [DTLS, pytest.param(SDES, marks=SLOW), pytest.param("", marks=SLOW)])
async def test_dtls(node: Node, phone: PhoneMaker, other: str) -> None:
    alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=DTLS)
    bob = phone(node, "102", tone_hz=BOB_HZ, encryption=other)
    await talk(alice, bob, seconds=3.5)
    assert_heard(alice, BOB_HZ, seconds=2)
    assert_heard(bob, ALICE_HZ, seconds=2)
    assert_encrypted(alice, *[bob] if other else [])


@SLOW
async def test_where_encryption_is_required(tmp_path: Path, phone: PhoneMaker) -> None:
    """An encrypted call goes on; a plain phone may neither call nor be called."""
    async with running(Node(tmp_path / "strict", options=("--srtp", "required"))) as node:
        alice = phone(node, "101", tone_hz=ALICE_HZ, encryption=SDES)
        bob = phone(node, "102", tone_hz=BOB_HZ, encryption=DTLS)
        carol = phone(node, "103")
        async with phones(alice, bob, carol):
            await registered(alice, bob, carol)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(2.5)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            await carol.dial("102")
            closed = await carol.wait_for("CALL_CLOSED")
            await alice.dial("103")
            unheard = await alice.wait_for("CALL_CLOSED", match=lambda event: "488" in event.param)
    assert_heard(alice, BOB_HZ, seconds=1.5)
    assert_heard(bob, ALICE_HZ, seconds=1.5)
    assert_encrypted(alice, bob)
    assert "488" in closed.param
    assert "488" in unheard.param


@SLOW
async def test_where_encryption_is_off(tmp_path: Path, phone: PhoneMaker) -> None:
    async with running(Node(tmp_path / "plain", options=("--srtp", "off"))) as node:
        alice = phone(node, "101", tone_hz=ALICE_HZ, encryption="srtp")
        bob = phone(node, "102", tone_hz=BOB_HZ)
        strict = phone(node, "103", encryption=SDES)
        async with phones(alice, bob, strict):
            await registered(alice, bob, strict)
            await Pair(alice, bob).talk("102")
            await asyncio.sleep(2)
            await alice.hangup()
            await bob.wait_for("CALL_CLOSED")
            await strict.dial("102")
            refused = await strict.wait_for("CALL_CLOSED")
    assert_heard(alice, BOB_HZ, seconds=1.5)
    assert_heard(bob, ALICE_HZ, seconds=1.5)
    assert SAYS["srtp"] not in alice.log
    assert "488" in refused.param
