"""Conferences through the real engine: each hears the others and not itself, as loud as was asked for."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import numpy as np
import pytest

from media_ext.codec_door import resampling_available
from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.model.stream import StartedTalking, StoppedTalking, StreamEvent, StreamFormat
from tests.media.phone import Phone, eventually
from tests.media.talker import G722, OPUS, PCMA, PCMU, Talker, assert_one_stream
from tests.oracles.tones import Samples, dominant_hz, level_db, to_bytes, tone

MakePhone = Callable[..., Phone]
SIZE = 2500.0
LEVEL_DB = level_db(tone(1000, 8000, 1, SIZE))

pytestmark = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")


def talkers(engine: MediaEngine, phone: MakePhone, *voices: StreamFormat) -> list[Talker]:
    return [
        Talker(engine, phone(ssrc=secrets.randbits(32)), voice, label=f"conference/{n}")
        for n, voice in enumerate(voices)
    ]


async def all_say(those: list[Talker], hz: list[float], seconds: float, size: float = SIZE) -> None:
    await asyncio.gather(
        *(
            one.say(tone(each, one.rate_hz, seconds, size) if each else np.zeros(int(one.rate_hz * seconds)))
            for one, each in zip(those, hz, strict=True)
        )
    )


def late(talker: Talker, seconds: float = 0.4) -> Samples:
    """The last that it heard, without the very end."""
    heard = talker.heard()
    return heard[-int((seconds + 0.1) * talker.rate_hz) : -int(0.1 * talker.rate_hz)]


def loud_db(sound: Samples, hz: float, rate_hz: int) -> float:
    """Of the tone of this frequency, against a full sine."""
    t = np.arange(len(sound)) * 2 * np.pi * hz / rate_hz
    size = 2 * abs(np.mean(sound * np.exp(-1j * t) * np.hanning(len(sound)))) * 2
    return float(20 * np.log10(max(size, 1e-3) / 32768))


async def test_eight_hear_the_others_and_not_themselves(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU, PCMA, G722, OPUS, PCMU, G722, PCMA)
    room, hz = engine.room(8, label="conference"), [400.0 + 250 * n for n in range(8)]
    for one in those:
        room.join(one.stream)
    assert room.rate_hz == 48000
    await all_say(those, hz, 1.0)
    assert room.members == [one.stream for one in those]
    assert room.talkers() == room.members
    for n, one in enumerate(those):
        heard = late(one)
        for m, each in enumerate(hz):
            if n == m:
                assert loud_db(heard, each, one.rate_hz) < LEVEL_DB - 25, f"{n} hears itself"
            else:
                assert loud_db(heard, each, one.rate_hz) == pytest.approx(LEVEL_DB, abs=3), f"{n} hears {m}"
        assert_one_stream(one.packets, one.encoder.rtp_clock_hz)
    room.close()
    assert room.members == []


async def test_mute_gain_and_levels(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU, PCMU)
    room = engine.room(3, label="conference")
    room.join(those[0].stream, muted=True)
    room.join(those[1].stream, gain_db=-12)
    room.join(those[2].stream)
    await all_say(those, [500, 800, 0], 0.8)
    heard = late(those[2])
    assert loud_db(heard, 500, 8000) < -60
    assert loud_db(heard, 800, 8000) == pytest.approx(LEVEL_DB - 12, abs=1)
    levels = room.levels_dbov()
    assert levels[those[0].stream] == -127
    assert levels[those[1].stream] == pytest.approx(LEVEL_DB - 3 - 12, abs=2)
    assert room.talkers() == [those[1].stream]
    room.mute(those[0].stream, False)
    room.set_gain(those[1].stream, 6)
    await all_say(those, [500, 800, 0], 0.8)
    heard = late(those[2])
    assert loud_db(heard, 500, 8000) == pytest.approx(LEVEL_DB, abs=1)
    assert loud_db(heard, 800, 8000) == pytest.approx(LEVEL_DB + 6, abs=1)
    with pytest.raises(ValueError, match="gain"):
        room.set_gain(those[1].stream, 40)


async def test_joining_at_another_rate_interrupts_nobody(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMA, G722)
    room = engine.room(3, label="conference")
    for one in those[:2]:
        room.join(one.stream)
    await all_say(those[:2], [500, 800], 0.5)
    assert room.rate_hz == 8000
    room.join(those[2].stream)
    assert room.rate_hz == 16000
    await all_say(those, [500, 800, 1100], 0.8)
    for n, one in enumerate(those):
        for m, hz in enumerate((500, 800, 1100)):
            if n != m:
                assert loud_db(late(one), hz, one.rate_hz) == pytest.approx(LEVEL_DB, abs=1.5)
    room.leave(those[2].stream)
    assert room.rate_hz == 8000
    await all_say(those[:2], [500, 800], 0.5)
    for one, hz in zip(those[:2], (800, 500), strict=True):
        assert loud_db(late(one), hz, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
        assert_one_stream(one.packets)
        steps = {(y.seq - x.seq) & 0xFFFF for x, y in zip(one.packets, one.packets[1:], strict=False)}
        assert steps == {1}


async def test_announcements_to_all_and_to_one(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(2, label="conference")
    for one in those:
        room.join(one.stream)
    ended: list[int] = []
    room.on_played = lambda: ended.append(1)
    room.play(Clip(to_bytes(tone(900, 8000, 0.5, SIZE)), 8000))
    engine.play(those[0].stream, Clip(to_bytes(tone(1500, 8000, 0.5, SIZE)), 8000), over=True)
    await all_say(those, [0, 600], 0.4)
    first, second = late(those[0], 0.2), late(those[1], 0.2)
    assert loud_db(first, 900, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(second, 900, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(first, 1500, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(second, 1500, 8000) < LEVEL_DB - 30
    assert loud_db(first, 600, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    await eventually(lambda: ended == [1])


async def test_a_whisper_reaches_one_who_hears_all_and_a_mute_stays_a_mute(
    engine: MediaEngine, phone: MakePhone
) -> None:
    those = talkers(engine, phone, PCMU, G722, PCMA)
    agent, customer, boss = (one.stream for one in those)
    room, hz = engine.room(3, label="conference"), [500.0, 800.0, 1100.0]
    for one in (agent, customer):
        room.join(one)
    room.join(boss, muted=True)
    room.whisper(boss, agent)

    async def heard() -> list[list[bool]]:
        await all_say(those, hz, 0.7)
        levels = [[loud_db(late(one), each, one.rate_hz) for each in hz] for one in those]
        assert all(level > LEVEL_DB - 3 or level < LEVEL_DB - 25 for row in levels for level in row), levels
        return [[level > LEVEL_DB - 3 for level in row] for row in levels]

    assert await heard() == [[False, True, False], [True, False, False], [True, True, False]]
    room.mute(boss, False)
    assert await heard() == [[False, True, True], [True, False, False], [True, True, False]]
    room.whisper(boss, None)
    assert await heard() == [[False, True, True], [True, False, True], [True, True, False]]
    room.close()


async def test_linked_conferences_hear_each_other(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU, G722)
    one, other = engine.room(4, label="conference"), engine.room(4, label="conference")
    one.join(those[0].stream)
    one.join(those[1].stream)
    other.join(those[2].stream)
    one.link(other)
    with pytest.raises(ValueError, match="already"):
        other.link(one)
    assert one.rate_hz == other.rate_hz == 16000
    await all_say(those, [500, 800, 1100], 0.8)
    for n, each in enumerate(those):
        for m, hz in enumerate((500, 800, 1100)):
            heard = loud_db(late(each), hz, each.rate_hz)
            assert heard < LEVEL_DB - 25 if n == m else heard == pytest.approx(LEVEL_DB, abs=1.5)
    one.unlink(other)
    await all_say(those, [500, 800, 1100], 0.7)
    assert loud_db(late(those[0]), 1100, 8000) < LEVEL_DB - 40
    assert loud_db(late(those[0]), 800, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    one.close()
    other.close()


async def test_a_talker_of_a_linked_conference_changes_its_codec_in_mid_sentence(
    engine: MediaEngine, phone: MakePhone
) -> None:
    """Between the tick of one conference and that of the other: what was handed over must still be there."""
    a, b = talkers(engine, phone, PCMU, PCMU)
    one, other = engine.room(2, label="conference"), engine.room(2, label="conference")
    other.join(a.stream)
    one.join(b.stream)
    one.link(other)  # its tick takes what was said in the other's

    async def change_over() -> None:
        for n in range(60):
            formats = (PCMU, PCMA) if n % 2 else (PCMU, G722)
            a.stream.set_remote(a.phone.remote(formats=formats, voice=PCMU))
            await asyncio.sleep(0.013)

    await asyncio.gather(all_say([a], [1000], 0.9), change_over())
    assert dominant_hz(late(b, 0.2), 8000) == pytest.approx(1000, abs=5)


async def test_talkers_are_told(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(2, label="conference")
    events: list[StreamEvent] = []
    those[0].stream.on_event = events.append
    for one in those:
        room.join(one.stream)
    await all_say(those, [500, 0], 0.4)
    await eventually(lambda: any(isinstance(each, StartedTalking) for each in events))
    await eventually(lambda: any(isinstance(each, StoppedTalking) for each in events))


async def test_a_full_conference_refuses(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(1, label="conference")
    room.join(those[0].stream)
    room.join(those[0].stream)
    with pytest.raises(ValueError, match="full"):
        room.join(those[1].stream)
    those[0].stream.close()
    room.join(those[1].stream)
    assert room.members == [those[1].stream]


async def test_members_come_and_go_over_threads_in_any_order(phone: MakePhone) -> None:
    media = MediaEngine(bind_host="127.0.0.1", port_min=29200, port_max=29399, threads=2, silence_ms=0)
    await media.start()
    try:
        for n in range(8):
            room = media.room(8, label=f"room{n}")
            those = [
                Talker(media, phone(ssrc=secrets.randbits(32)), (PCMU, G722, PCMA)[m % 3], label=f"{n}-{m}/a")
                for m in range(4)
            ]
            for one in those:
                room.join(one.stream)
            await all_say(those, [500, 600, 700, 800], 0.2)
            assert all(len(one.voices()) >= 2 for one in those), [len(one.voices()) for one in those]
            media.bridge(those[0].stream, those[1].stream)
            those[2].stream.close()
            if n % 2:
                room.close()
            await all_say([those[0], those[1], those[3]], [500, 600, 700], 0.1)
            assert room.members == ([] if n % 2 else [those[3].stream])
            for one in (those[3], those[0], those[1])[n % 3 :]:
                one.stream.close()
    finally:
        await media.stop()
    assert media.streams == 0


async def test_a_member_goes_back_to_a_relay_without_a_break(engine: MediaEngine, phone: MakePhone) -> None:
    a, b = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(2, label="conference")
    engine.link(a.stream, b.stream, {0: 0}, {0: 0})
    await all_say([a, b], [500, 800], 0.2)
    room.join(a.stream)
    room.join(b.stream)
    await all_say([a, b], [500, 800], 0.4)
    engine.link(a.stream, b.stream, {0: 0}, {0: 0})
    await all_say([a, b], [500, 800], 0.2)
    assert room.members == []
    assert len(a.listen()) >= 30
    assert_one_stream(a.packets)
    assert dominant_hz(a.heard(), 8000) == pytest.approx(800, abs=3)
