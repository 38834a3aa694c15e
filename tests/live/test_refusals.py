"""Calls that do not come about: each side is told why, and so is the history."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def impatient(tmp_path: Path) -> AsyncIterator[Node]:
    """A node whose extensions ring for five seconds."""
    async with running(Node(tmp_path / "node", ring_timeout_s=5)) as node:
        yield node


async def test_caller_that_gives_up_cancels_the_ringing_phone(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await alice.wait_for("CALL_RINGING")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED", timeout_s=3)
        (cdr,) = await node.cdrs()
        await node.no_calls()
    assert (cdr["disposition"], cdr["cause"]) == ("cancelled", "cancelled")
    assert cdr["talk_s"] == 0
    assert cdr["answered_at"] is None


async def test_busy_phone_is_busy_for_the_caller(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101"), phone(node, "102")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await bob.hangup()  # baresip refuses a ringing call with 486
        closed = await alice.wait_for("CALL_CLOSED", timeout_s=3)
        (cdr,) = await node.cdrs()
    assert "486" in closed.param
    assert (cdr["disposition"], cdr["sip_status"]) == ("busy", 486)


async def test_nobody_answers(impatient: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(impatient, "101"), phone(impatient, "102")
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await alice.dial("102")
        await bob.wait_for("CALL_INCOMING")
        closed = await alice.wait_for("CALL_CLOSED", timeout_s=8)
        await bob.wait_for("CALL_CLOSED", timeout_s=3)
        (cdr,) = await impatient.cdrs()
    assert "480" in closed.param
    assert cdr["disposition"] == "no_answer"
    assert cdr["duration_s"] == pytest.approx(5, abs=1)


async def test_extension_without_a_phone_is_unreachable(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101")
    async with phones(alice):
        await alice.registered()
        await alice.dial("102")
        closed = await alice.wait_for("CALL_CLOSED", timeout_s=5)
        (cdr,) = await node.cdrs()
    assert "480" in closed.param
    assert (cdr["disposition"], cdr["cause"]) == ("no_answer", "unreachable")


async def test_unknown_number_is_not_found(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101")
    async with phones(alice):
        await alice.registered()
        await alice.dial("999")
        closed = await alice.wait_for("CALL_CLOSED", timeout_s=15)
        (cdr,) = await node.cdrs()
    sound = alice.heard()
    assert sound.seconds > 3
    assert max(sound.level_dbfs(hz) for hz in (950, 1400, 1800)) > -40, "and then it is said"
    assert "404" in closed.param
    assert (cdr["disposition"], cdr["sip_status"]) == ("failed", 404)


async def test_phone_with_the_wrong_password_is_not_registered(node: Node, phone: PhoneMaker) -> None:
    alice = phone(node, "101", password="not-the-right-one")
    async with phones(alice):
        async with asyncio.timeout(10):
            while "SIP/2.0 403 Forbidden" not in alice.log:
                await asyncio.sleep(0.05)
        assert await node.registrations("101") == []
        metrics = await node.metrics()
    assert not alice.has("REGISTER_OK")
    assert metrics['pbx_sip_offences_total{kind="auth_failed"}'] >= 1


async def test_phones_without_a_common_codec_are_told_488(node: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(node, "101", codecs=("PCMU",)), phone(node, "102", codecs=("GSM",))
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await alice.dial("102")
        closed = await alice.wait_for("CALL_CLOSED", timeout_s=5)
        (cdr,) = await node.cdrs()
    assert "488" in closed.param
    assert cdr["cause"] == "incompatible"
