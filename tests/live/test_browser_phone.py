"""A phone in a page of a real Chromium, and the node: tones both ways, and everything that a call can do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_flow import FLOW
from tests.live.test_talk import ALICE_HZ, BOB_HZ, registered
from tests.live.udp_relay import relay
from tests.live.wav import Sound
from tests.live.web_phone import PagePhone, browser

PAGE_HZ, CAROL_HZ = 660.0, 1200.0
pytestmark = pytest.mark.timeout(120)


def assert_tone(sound: Sound, frequency_hz: float, *, within_db: float = 3.0) -> None:
    assert sound.seconds > 0.8
    assert sound.dominant_hz() == pytest.approx(frequency_hz, abs=4)
    assert sound.level_dbfs(frequency_hz) == pytest.approx(-12, abs=within_db)


@pytest.mark.parametrize("codec", ["opus", "G722", "PCMU"])
async def test_a_page_and_a_desk_phone_hear_each_other(
    node: Node, phone: PhoneMaker, tmp_path: Path, codec: str
) -> None:
    bob = phone(node, "102", tone_hz=BOB_HZ, codecs=(codec,))
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(bob):
        page = await chromium.phone(node, "101", codec=codec)
        await registered(bob)
        call = await page.dial("102")
        await bob.wait_for("CALL_INCOMING")
        await bob.accept()
        await page.wait_for("confirmed", id=call)
        await page.wait_for("connection", state="connected")
        await asyncio.sleep(0.5)
        at_page = await page.hears(2.0)
        await page.do("hangup", call)
        await bob.wait_for("CALL_CLOSED")
    assert_tone(at_page, BOB_HZ)
    sound = bob.heard()
    assert_tone(sound.between(sound.seconds - 2.0, sound.seconds - 0.2), PAGE_HZ)


async def settled(page: PagePhone, seconds: float = 1.2) -> Sound:
    """What it hears when jitter buffers have calmed down."""
    await asyncio.sleep(0.6)
    return await page.hears(seconds)


async def test_a_page_presses_its_way_to_another_page_holds_it_and_sends_it_on(
    node: Node, phone: PhoneMaker, tmp_path: Path
) -> None:
    carol = phone(node, "103", tone_hz=CAROL_HZ, codecs=("PCMA",))
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, phones(carol):
        await node.send("POST", "flows", FLOW)
        await node.send("POST", "flows/500/publish", {"comment": "live test"})
        alice = await chromium.phone(node, "101", tone_hz=ALICE_HZ)
        bob = await chromium.phone(node, "102", tone_hz=BOB_HZ)
        call = await alice.dial("500")
        await alice.wait_for("connection", state="connected")
        await asyncio.sleep(1)
        await alice.do("dtmf", call, "1")
        at_bob = await bob.accept()
        assert_tone(await settled(alice), BOB_HZ)
        assert_tone(await bob.hears(1.2), ALICE_HZ)
        await bob.do("hold", at_bob)
        await bob.wait_for("hold")
        held = await settled(alice)
        assert held.level_dbfs(BOB_HZ) < -45, "music, and nothing of who holds"
        await bob.do("unhold", at_bob)
        await bob.wait_for("unhold")
        assert_tone(await settled(alice), BOB_HZ)
        await alice.do("restart", call)
        await asyncio.sleep(1)
        assert_tone(await settled(alice), BOB_HZ)
        assert_tone(await bob.hears(1.2), ALICE_HZ)
        await registered(carol)
        await bob.do("transfer", at_bob, "103")
        await carol.wait_for("CALL_INCOMING")
        await carol.accept()
        assert_tone(await settled(alice), CAROL_HZ)
        answers = [
            each["sdp"]
            for each in await alice.events()
            if each["name"] == "sdp" and each["originator"] == "remote" and each["type"] == "answer"
        ]
        await alice.do("hangup", call)
        await carol.wait_for("CALL_CLOSED")
        (brief,) = await node.cdrs()
    assert brief["disposition"] == "answered"
    assert len(set(re.findall(r"ice-ufrag:(\S+)", "".join(answers)))) == 2, "a restart has new names"


async def test_a_call_outlives_five_seconds_without_a_network_and_another_address(
    node: Node, tmp_path: Path
) -> None:
    async with browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium, relay() as (net, by):
        page = await chromium.phone(node, "101")
        await page.do("through", by)
        call = await page.dial("*43")
        answer = await page.wait_for("sdp", originator="remote", type="answer")
        port = re.search(r"m=audio (\d+)", answer["sdp"])
        assert port is not None
        net.target = ("127.0.0.1", int(port[1]))
        await page.wait_for("connection", state="connected")
        assert_tone(await settled(page), PAGE_HZ)
        net.loses = True
        await asyncio.sleep(5)
        net.loses = False
        assert net.lost > 100
        await asyncio.sleep(1)
        assert_tone(await settled(page), PAGE_HZ)
        net.switch()
        await asyncio.sleep(4)
        assert_tone(await settled(page), PAGE_HZ)
        assert net.switches == 1
        metrics = await node.metrics()
        await page.do("hangup", call)
        (cdr,) = await node.cdrs()
    assert cdr["disposition"] == "answered"
    assert metrics['pbx_media_refused_total{what="srtp_forged"}'] == 0
