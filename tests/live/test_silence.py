"""Audio that stops: a muted phone keeps its call, a dead one does not keep the other waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.raw_call import RawPhone

pytestmark = pytest.mark.timeout(120)
RTP_TIMEOUT_S = 2


@pytest.fixture
async def alert(tmp_path: Path) -> AsyncIterator[Node]:
    """A node that asks after two seconds of silence."""
    options = ("--rtp-timeout-s", str(RTP_TIMEOUT_S))
    async with running(Node(tmp_path / "node", options=options)) as node:
        yield node


async def test_call_with_a_phone_whose_program_died_is_ended_for_the_other(
    alert: Node, phone: PhoneMaker
) -> None:
    """Its machine still says that the port is closed, so this is known as soon as somebody asks."""
    alice, bob = phone(alert, "101", tone_hz=440), phone(alert, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await bob.kill()
        await alice.wait_for("CALL_CLOSED", timeout_s=RTP_TIMEOUT_S + 5)
        (cdr,) = await alert.cdrs()
        await alert.no_calls()
    assert cdr["disposition"] == "answered"
    assert cdr["cause"] in {"media_timeout", "transport"}


async def test_call_with_a_phone_without_power_is_ended_for_the_other(alert: Node, phone: PhoneMaker) -> None:
    """Nothing comes back: the question goes unanswered for 64*T1 at most (RFC 3261 17.1.2.2)."""
    alice = phone(alert, "101", tone_hz=440)
    async with phones(alice):
        await alice.registered()
        with RawPhone(alert, "102", tone_hz=880) as dead:
            await asyncio.to_thread(dead.register)
            await alice.dial("102")
            await asyncio.to_thread(dead.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            await asyncio.to_thread(dead.pump, 1.0)
            await alice.wait_for("CALL_CLOSED", timeout_s=RTP_TIMEOUT_S + 36)
        (cdr,) = await alert.cdrs()
        await alert.no_calls(timeout_s=40)
    assert (cdr["disposition"], cdr["cause"], cdr["hung_up_by"]) == ("answered", "media_timeout", "node")


async def test_muted_phone_that_still_answers_keeps_its_call(alert: Node, phone: PhoneMaker) -> None:
    alice = phone(alert, "101", tone_hz=440)
    async with phones(alice):
        await alice.registered()
        with RawPhone(alert, "102", tone_hz=880) as muted:
            await asyncio.to_thread(muted.register)
            await alice.dial("102")
            await asyncio.to_thread(muted.answer)
            await alice.wait_for("CALL_ESTABLISHED")
            await asyncio.to_thread(muted.pump, 1.0)
            muted.sending = False
            await asyncio.to_thread(muted.pump, RTP_TIMEOUT_S * 3.0)
            assert not alice.has("CALL_CLOSED")
            assert muted.asked >= 1, "the node asked inside the dialog"
            await alice.hangup()
            await asyncio.to_thread(muted.pump, 1.0)
            assert muted.ended
        (cdr,) = await alert.cdrs()
    assert cdr["cause"] == "normal"
    assert "audio_silent" in [event["type"] for event in cdr["events"]]


async def test_held_call_may_be_silent_for_as_long_as_it_likes(alert: Node, phone: PhoneMaker) -> None:
    alice, bob = phone(alert, "101", tone_hz=440), phone(alert, "102", tone_hz=880)
    async with phones(alice, bob):
        await asyncio.gather(alice.registered(), bob.registered())
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(1)
        await alice.hold()
        await asyncio.sleep(RTP_TIMEOUT_S * 3)
        assert not alice.has("CALL_CLOSED")
        assert not bob.has("CALL_CLOSED")
        await alice.resume()
        await asyncio.sleep(0.5)
        await bob.hangup()
        await alice.wait_for("CALL_CLOSED")
