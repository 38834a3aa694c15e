"""The numbers a newcomer dials first, and what one phone number can do with several phones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.sipp import Sipp, register_all
from tests.live.tone import write_ulaw_tone

pytestmark = pytest.mark.timeout(120)


@pytest.mark.parametrize("codec", ["PCMU", "opus"])
async def test_echo_sends_back_what_was_said(node: Node, phone: PhoneMaker, codec: str) -> None:
    alice = phone(node, "101", tone_hz=523, codecs=(codec,))
    async with phones(alice):
        await alice.registered()
        await alice.dial("*43")
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        (cdr,) = await node.cdrs()
    steady = alice.heard().between(0.4, 2.2)
    assert steady.dominant_hz() == pytest.approx(523, abs=3)
    assert steady.level_dbfs(523) == pytest.approx(-12, abs=1.5)
    assert steady.gaps(523) == []
    assert (cdr["disposition"], cdr["dialled"], cdr["hung_up_by"]) == ("answered", "*43", "a")


async def test_tone_number_plays_a_steady_tone(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101")
    async with phones(alice):
        await alice.registered()
        await alice.dial("*44")
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(2.5)
        await alice.hangup()
        (cdr,) = await node.cdrs()
    steady = alice.heard().between(0.3, 2.2)
    frequency = steady.dominant_hz()
    assert 200 < frequency < 1200
    assert steady.level_dbfs(frequency) > -30
    assert steady.gaps(frequency) == []
    assert cdr["disposition"] == "answered"


async def test_all_phones_of_an_extension_ring_and_the_losers_are_cancelled(
    node: Node, phone: PhoneMaker
) -> None:
    alice = phone(node, "101", tone_hz=440)
    desk, mobile, kitchen = (phone(node, "102", tone_hz=tone) for tone in (700, 900, 1100))
    async with phones(alice, desk, mobile, kitchen):
        await asyncio.gather(*(each.registered() for each in (alice, desk, mobile, kitchen)))
        assert len(await node.registrations("102")) == 3
        await alice.dial("102")
        await asyncio.gather(*(each.wait_for("CALL_INCOMING") for each in (desk, mobile, kitchen)))
        await mobile.accept()
        await alice.wait_for("CALL_ESTABLISHED")
        for loser in (desk, kitchen):
            await loser.wait_for("CALL_CLOSED", timeout_s=3)
            assert "CANCEL sip:" in loser.log
            assert "SIP;cause=200" in loser.log, "a phone that lost must not show a missed call (RFC 3326)"
        await asyncio.sleep(1.5)
        await alice.hangup()
        await mobile.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
        await node.no_calls()
    assert alice.heard().between(0.3, 1.2).dominant_hz() == pytest.approx(900, abs=3)
    assert cdr["disposition"] == "answered"
    ended = {event["leg"]: event["cause"] for event in cdr["events"] if event["type"] == "leg_ended"}
    assert sorted(ended.values()) == ["answered_elsewhere", "answered_elsewhere", "normal"]


async def test_one_busy_phone_leaves_the_others_ringing(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101")
    desk, mobile = phone(node, "102"), phone(node, "102")
    async with phones(alice, desk, mobile):
        await asyncio.gather(*(each.registered() for each in (alice, desk, mobile)))
        await alice.dial("102")
        await asyncio.gather(desk.wait_for("CALL_INCOMING"), mobile.wait_for("CALL_INCOMING"))
        await desk.hangup()
        await asyncio.sleep(0.5)
        assert not alice.has("CALL_CLOSED")
        await mobile.accept()
        await alice.wait_for("CALL_ESTABLISHED")
        await mobile.hangup()
        await alice.wait_for("CALL_CLOSED")
        (cdr,) = await node.cdrs()
    assert cdr["disposition"] == "answered"


async def test_early_media_is_heard_before_the_answer(node: Node, phone: PhoneMaker, tmp_path: Path) -> None:
    announcer = Sipp(tmp_path / "uas", "early_media", remote=node.address, timeout_s=30)
    write_ulaw_tone(tmp_path / "uas" / "tone.ul", 620)
    await register_all(tmp_path / "register", node, ["102"], announcer.port)
    announcer.start()
    alice = phone(node, "101", tone_hz=440)
    async with phones(alice):
        await alice.registered()
        await alice.dial("102")
        await alice.wait_for("CALL_PROGRESS")
        await asyncio.sleep(2)
        assert not alice.has("CALL_ESTABLISHED")
        early = alice.heard()
        await alice.wait_for("CALL_ESTABLISHED", timeout_s=5)
        await asyncio.sleep(1)
        await alice.hangup()
        result = await announcer.wait()
    assert result.successful == 1, result.output
    assert early.seconds > 1
    assert early.between(0.2).dominant_hz() == pytest.approx(620, abs=3)


async def test_phone_that_unregisters_is_no_longer_rung(node: Node, phone: PhoneMaker) -> None:
    alice, desk, mobile = phone(node, "101"), phone(node, "102"), phone(node, "102")
    async with phones(alice, desk, mobile):
        await asyncio.gather(*(each.registered() for each in (alice, desk, mobile)))
        await mobile.stop()
        await _contacts(node, "102", 1)
        await alice.dial("102")
        await desk.wait_for("CALL_INCOMING")
        await alice.hangup()


async def _contacts(node: Node, number: str, count: int) -> None:
    async with asyncio.timeout(5):
        while len(await node.registrations(number)) != count:
            await asyncio.sleep(0.05)
