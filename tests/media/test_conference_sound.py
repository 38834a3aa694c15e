"""What a conference does besides mixing: it is recorded, sounds tones, and prepares once what many hear alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from media_ext.codec_door import resampling_available
from media_ext.sound_door import Clip
from pbx.media.engine import MediaEngine
from pbx.media.tones import JOINED, LEFT
from pbx.model.stream import RecordingEnded
from tests.media.phone import Phone, eventually
from tests.media.talker import G722, OPUS, PCMA, PCMU
from tests.media.test_room import LEVEL_DB, SIZE, all_say, late, loud_db, talkers
from tests.oracles import ffmpeg
from tests.oracles.tones import Samples, from_bytes, to_bytes, tone

MakePhone = Callable[..., Phone]

pytestmark = pytest.mark.skipif(not resampling_available(), reason="built without libspeexdsp")


def recorded(path: Path) -> Samples:
    """At 8 kHz, by somebody else's reader."""
    return from_bytes(ffmpeg.decode_file(path, 8000))


@pytest.mark.parametrize("form", ["wav", "opus"])
async def test_a_conference_is_recorded_as_all_hear_it(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path, form: Literal["wav", "opus"]
) -> None:
    """Members, an announcement, and a change of the mix's rate in the midst."""
    those = talkers(engine, phone, PCMU, PCMA, G722)
    room = engine.room(3, label="conference")
    path = tmp_path / f"conference.{form}"
    ended: list[RecordingEnded] = []
    recording = engine.record_room(room, path, format=form, on_end=ended.append)
    for one in those[:2]:
        room.join(one.stream)
    await all_say(those[:2], [500, 800], 0.8)
    room.join(those[2].stream)
    assert room.rate_hz == 16000
    room.play(Clip(to_bytes(tone(1600, 8000, 1.0, SIZE)), 8000))
    await all_say(those, [500, 800, 1100], 0.9)
    result = await recording.stop()
    assert result == ended[0]
    assert (result.reason, result.path) == ("stopped", path)
    assert recording.tap.dropped == 0
    sound = recorded(path)
    assert len(sound) == pytest.approx(result.duration_ms * 8, abs=400)
    assert 1600 <= result.duration_ms <= 2400
    before, after = sound[2400:5600], sound[-5600:-1600]
    for hz in (500, 800):
        assert loud_db(before, hz, 8000) == pytest.approx(LEVEL_DB, abs=2)
    assert loud_db(before, 1100, 8000) < LEVEL_DB - 30
    for hz in (500, 800, 1100, 1600):
        assert loud_db(after, hz, 8000) == pytest.approx(LEVEL_DB, abs=2)
    room.close()


async def test_closing_a_conference_ends_its_recording(
    engine: MediaEngine, phone: MakePhone, tmp_path: Path
) -> None:
    those = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(2, label="conference")
    recording = engine.record_room(room, tmp_path / "conference.wav")
    for one in those:
        room.join(one.stream)
    await all_say(those, [500, 0], 0.4)
    room.close()
    result = await asyncio.wait_for(recording.ended, 5)
    assert result.reason == "closed"
    assert loud_db(recorded(tmp_path / "conference.wav")[800:2800], 500, 8000) == pytest.approx(
        LEVEL_DB, abs=2
    )
    with pytest.raises(RuntimeError, match="over"):
        engine.record_room(room, tmp_path / "again.wav")


async def test_tones_tell_who_comes_and_goes(engine: MediaEngine, phone: MakePhone) -> None:
    """To all, beside an announcement, which goes on and is told to have ended."""
    those = talkers(engine, phone, PCMU, PCMU, PCMU)
    room = engine.room(3, label="conference", tones=True)
    room.join(those[0].stream)
    room.join(those[1].stream)
    await all_say(those[:2], [0, 0], 0.5)
    ended: list[int] = []
    room.on_played = lambda: ended.append(1)
    first, last = (burst.hz[0] for burst in JOINED.bursts)
    assert (last, first) == tuple(burst.hz[0] for burst in LEFT.bursts)
    for what, order in (("comes", (first, last)), ("goes", (last, first))):
        those[0].listen()
        those[0].packets.clear()
        room.play(Clip(to_bytes(tone(1500, 8000, 0.5, SIZE)), 8000))
        if what == "comes":
            room.join(those[2].stream)
        else:
            those[2].stream.close()
        await all_say(those[:2], [0, 0], 0.7)
        heard = those[0].heard()
        loud = [
            max(range(0, len(heard) - 400, 40), key=lambda at, hz=hz: loud_db(heard[at : at + 400], hz, 8000))  # type: ignore[misc]
            for hz in order
        ]
        assert loud[0] < loud[1], f"the tone of one who {what}"
        assert loud[1] - loud[0] == pytest.approx(8 * 105, abs=500)
        assert (
            max(loud_db(heard[at : at + 1600], 1500, 8000) for at in range(0, len(heard) - 1600, 400))
            > LEVEL_DB - 2
        )
    await eventually(lambda: ended == [1, 1])


async def test_without_tones_nothing_is_heard(engine: MediaEngine, phone: MakePhone) -> None:
    those = talkers(engine, phone, PCMU, PCMU)
    room = engine.room(2, label="conference")
    for one in those:
        room.join(one.stream)
    await all_say(those, [0, 0], 0.4)
    assert not np.any(np.abs(those[0].heard()) > 16)


@pytest.mark.parametrize("loudest", [PCMU, G722, OPUS], ids=lambda form: form.encoding)
async def test_listeners_of_a_codec_hear_the_same_bytes(
    engine: MediaEngine, phone: MakePhone, loudest: object
) -> None:
    """Encoded once, at every rate of the mix; who talks, and who is whispered to, hears something else."""
    those = talkers(engine, phone, loudest, PCMU, PCMU, PCMA, PCMA, PCMU)  # type: ignore[arg-type]
    room = engine.room(6, label="conference")
    for one in those:
        room.join(one.stream)
    engine.play(those[5].stream, Clip(to_bytes(tone(1900, 8000, 2, SIZE)), 8000), over=True)
    await all_say(those, [500, 0, 0, 0, 0, 0], 0.8)
    told = [[packet.payload for packet in one.voices()] for one in those]
    for a, b in ((1, 2), (3, 4)):
        common = set(told[a]) & set(told[b])
        assert len(common) > 0.8 * len(set(told[a])), "the same packets"
        assert loud_db(late(those[a]), 500, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(late(those[5]), 1900, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(late(those[5]), 500, 8000) == pytest.approx(LEVEL_DB, abs=1.5)
    assert loud_db(late(those[1]), 1900, 8000) < LEVEL_DB - 35


async def test_who_begins_to_talk_hears_no_click(engine: MediaEngine, phone: MakePhone) -> None:
    """A seat changes from what is resampled for all to a resampler of its own, and back."""
    those = talkers(engine, phone, G722, PCMU, PCMU)
    room = engine.room(3, label="conference")
    for one in those:
        room.join(one.stream)
    for n in range(4):
        await all_say(those, [500, 900 if n % 2 else 0, 0], 0.4)
    heard = those[1].heard()[3200:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    hz = np.fft.rfftfreq(len(heard), 1 / 8000)
    high = np.sqrt(np.sum(spectrum[(hz > 1800) & (hz < 3600)] ** 2))
    assert 20 * np.log10(high / spectrum.max()) < -30
