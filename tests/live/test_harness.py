"""The measuring instruments themselves, before a node comes between: two phones that call each other directly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.live import wav
from tests.live.baresip import Account, Pair, Phone, phones
from tests.live.sipp import Sipp
from tests.live.tone import write_ulaw_tone


def test_tone_is_found_again(tmp_path: Path) -> None:
    sound = wav.read(wav.write_tone(tmp_path / "a.wav", 697.0, rate_hz=8000, seconds=2))
    assert sound.dominant_hz() == pytest.approx(697, abs=0.5)
    assert sound.level_dbfs() == pytest.approx(-12, abs=0.2)
    assert sound.level_dbfs(697) == pytest.approx(-12, abs=0.3)
    assert sound.level_dbfs(1200) < -60
    assert sound.gaps(697) == []


def test_gap_is_found(tmp_path: Path) -> None:
    sound = wav.read(wav.write_tone(tmp_path / "a.wav", 697.0, rate_hz=8000, seconds=2))
    sound.samples[8000:8800] = 0
    ((start, length),) = sound.gaps(697)
    assert start == pytest.approx(1.0, abs=0.02)
    assert length == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("codec", ["PCMU", pytest.param("G722", marks=pytest.mark.slow), "opus"])
async def test_two_phones_hear_each_other_directly(tmp_path: Path, codec: str) -> None:
    alice = Phone(Account("alice", codecs=(codec,)), tmp_path / "alice", tone_hz=440)
    bob = Phone(Account("bob", codecs=(codec,)), tmp_path / "bob", tone_hz=880)
    async with phones(alice, bob):
        await Pair(alice, bob).talk(bob.uri)
        await asyncio.sleep(2.5)
        await alice.send_digits("5")
        await alice.hangup()
        await bob.wait_for("CALL_CLOSED")
    assert any(event.type == "CALL_DTMF_START" and event.param == "5" for event in bob.events)
    assert alice.heard().between(0.5, 2.0).dominant_hz() == pytest.approx(880, abs=3)
    assert bob.heard().between(0.5, 2.0).dominant_hz() == pytest.approx(440, abs=3)
    assert alice.heard().between(0.2, 2.2).gaps(880) == []


async def test_sipp_answers_and_echoes(tmp_path: Path) -> None:
    alice = Phone(Account("alice"), tmp_path / "alice", tone_hz=440)
    echo = Sipp(tmp_path / "uas", "answer", remote="127.0.0.1", rtp_echo=True, timeout_s=20)
    echo.start()
    async with phones(alice):
        await alice.dial(f"sip:echo@127.0.0.1:{echo.port}")
        await alice.wait_for("CALL_ESTABLISHED")
        await asyncio.sleep(1.5)
        await alice.hangup()
        result = await echo.wait()
    assert (result.successful, result.failed) == (1, 0), result.output
    assert alice.heard().between(0.3, 1.2).dominant_hz() == pytest.approx(440, abs=3)


async def test_sipp_plays_before_it_answers(tmp_path: Path) -> None:
    alice = Phone(Account("alice"), tmp_path / "alice")
    announcer = Sipp(tmp_path / "uas", "early_media", remote="127.0.0.1", timeout_s=20)
    write_ulaw_tone(tmp_path / "uas" / "tone.ul", 620)
    announcer.start()
    async with phones(alice):
        await alice.dial(f"sip:news@127.0.0.1:{announcer.port}")
        await alice.wait_for("CALL_PROGRESS")
        await asyncio.sleep(2)
        assert not alice.has("CALL_ESTABLISHED")
        early = alice.heard()
        await alice.wait_for("CALL_ESTABLISHED")
        await alice.hangup()
        result = await announcer.wait()
    assert (result.successful, result.failed) == (1, 0), result.output
    assert early.between(0.2).dominant_hz() == pytest.approx(620, abs=3)
