"""A held party hears the office's music, whatever its codec; and the tone when the file is damaged."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.live import wav
from tests.live.baresip import Pair, phones
from tests.live.conftest import PhoneMaker
from tests.live.node import Node
from tests.live.test_talk import registered

pytestmark = pytest.mark.timeout(60)

MUSIC_HZ = 623.0


@pytest.mark.parametrize("codec", ["PCMU", "opus"])
async def test_a_held_party_hears_the_music_of_the_office(node: Node, phone: PhoneMaker, codec: str) -> None:
    (node.data / "sounds").mkdir()
    wav.write_tone(node.data / "sounds" / "music.wav", MUSIC_HZ, rate_hz=16000, seconds=1.0, channels=2)
    await node.send("PATCH", "settings", {"hold_music": "music.wav"})
    alice, bob = phone(node, "101", tone_hz=440.0), phone(node, "102", codecs=(codec,))
    async with phones(alice, bob):
        await registered(alice, bob)
        await Pair(alice, bob).talk("102")
        await asyncio.sleep(0.5)
        await alice.hold()
        await asyncio.sleep(2.5)
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    sound = bob.heard()
    held = sound.between(sound.seconds - 1.8, sound.seconds - 0.3)
    assert held.dominant_hz() == pytest.approx(MUSIC_HZ, abs=3)
    assert held.gaps(MUSIC_HZ) == []


async def test_a_damaged_file_is_told_to_the_administrator(node: Node) -> None:
    (node.data / "sounds").mkdir()
    (node.data / "sounds" / "music.wav").write_bytes(b"RIFF....broken")
    await node.send("PATCH", "settings", {"hold_music": "music.wav"})
    deadline = time.monotonic() + 5
    while True:
        checks = (await node.get("status"))["health"]
        (found,) = [each for each in checks if each["name"] == "hold music"]
        if not found["ok"]:
            break
        assert time.monotonic() < deadline, checks
        await asyncio.sleep(0.05)
    assert "music.wav cannot be played" in found["cause"]
    assert (await node.get("health"))["status"] == "ok", "calls go on all the same"
