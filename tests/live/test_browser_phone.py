"""A phone in a page of a real Chromium, and the node: tones both ways, and everything that a call can do."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node, running
from tests.live.test_flow import FLOW
from tests.live.test_talk import ALICE_HZ, BOB_HZ, registered
from tests.live.udp_relay import relay
from tests.live.wav import Sound
from tests.live.web_phone import PagePhone, browser

PAGE_HZ, CAROL_HZ = 660.0, 1200.0
pytestmark = pytest.mark.timeout(120)


def assert_tone(sound: Sound, frequency_hz: float) -> None:
    """Said at -12 dBFS. A busy browser stretches what comes late, which smears a tone but moves it nowhere else."""
    assert sound.seconds > 0.8
    assert sound.dominant_hz() == pytest.approx(frequency_hz, abs=12)
    assert -18 < sound.level_dbfs(frequency_hz) < -9


async def test_a_page_and_desk_phones_hear_each_other_in_each_codec(
    tmp_path: Path, phone: PhoneMaker
) -> None:
    desks = {"102": "opus", "103": "G722", "104": "PCMU"}
    async with (
        running(Node(tmp_path / "node", extensions=("101", *desks))) as node,
        browser(node, tmp_path / "browser", tone_hz=PAGE_HZ) as chromium,
    ):
        made = {
            number: phone(node, number, tone_hz=BOB_HZ, codecs=(codec,)) for number, codec in desks.items()
        }
        async with phones(*made.values()):
            page = await chromium.phone(node, "101")
            await registered(*made.values())
            for number, codec in desks.items():
                await page.do("speak", codec)
                call = await page.dial(number)
                await made[number].wait_for("CALL_INCOMING")
                await made[number].accept()
                await page.wait_for("connection", state="connected")
                assert_tone(await settled(page), BOB_HZ)
                await page.do("hangup", call)
                await made[number].wait_for("CALL_CLOSED")
    for each in made.values():
        sound = each.heard()
        assert_tone(sound.between(sound.seconds - 1.6, sound.seconds - 0.2), PAGE_HZ)


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
