"""A phone in a page of a real Chromium, and the node: tones both ways, and everything that a call can do."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live.baresip import phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import BOB_HZ, registered
from tests.live.wav import Sound
from tests.live.web_phone import browser

PAGE_HZ = 660.0
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
